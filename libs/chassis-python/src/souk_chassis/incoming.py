"""What every request passes before and after its method, in reading order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import protovalidate
from google.protobuf.message import DecodeError, Message
from opentelemetry.trace import Span

from souk_chassis import refusal, trace
from souk_chassis.caller import NOBODY, Identity
from souk_chassis.channel import CRITICALITY
from souk_chassis.context import CURRENT, Context
from souk_chassis.deadline import Deadline
from souk_chassis.drain import Drain
from souk_chassis.error import DETAILS_HEADER, Error, answer, with_causes
from souk_chassis.identity import Verifier
from souk_chassis.limits import Limits
from souk_chassis.log import place_of
from souk_chassis.policy import CRITICALITIES, MethodPolicy
from souk_chassis.red import Calls
from souk_chassis.request_log import RequestLog
from souk_chassis.validate import violations_of

Outcome = Callable[[], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True)
class Method:
    """One method that is served here. `is_background`: health and reflection, which say nothing about the shop."""

    policy: MethodPolicy
    handler: grpc.RpcMethodHandler[Any, Any]
    package: str
    is_background: bool


@dataclass(frozen=True, slots=True)
class Process:
    """Everything that incoming requests need, made once before the first of them."""

    methods: dict[str, Method]
    verifier: Verifier
    limits: Limits
    max_message_bytes: int
    drain: Drain
    calls: Calls
    spans: trace.Spans
    requests: RequestLog


class Incoming(grpc.GenericRpcHandler):
    """Finds the method of a request: one look-up in a table that was made at the start.

    gRPC hands us bytes, since what is checked from the headers comes before anything is decoded.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._handlers = {path: _wrapped(process, method) for path, method in process.methods.items()}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        """Returns what serves the request."""
        path = handler_call_details.method
        path = path.decode() if isinstance(path, bytes) else path
        return self._handlers.get(path) or _unknown(self._process, path)


def _wrapped(process: Process, method: Method) -> grpc.RpcMethodHandler[Any, Any]:
    handler, policy = method.handler, method.policy
    behaviour: Any = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    assert behaviour is not None and handler.request_deserializer is not None and handler.response_serializer is not None
    decode, encode = handler.request_deserializer, handler.response_serializer

    def read(data: bytes) -> Message:
        return _read(process, method, decode, data)

    async def requests(arriving: AsyncIterator[bytes]) -> AsyncIterator[Message]:
        async for data in arriving:
            yield read(data)

    async def single(arriving: AsyncIterator[bytes]) -> Message:
        async for data in arriving:
            return read(data)
        raise refusal.InvalidRequest(method.package, [("", "is missing")])

    async def serve(arriving: AsyncIterator[bytes], context: Any) -> bytes | None:
        async def work() -> bytes | None:
            # A stream of requests is checked message by message; a single one before the method sees it.
            request = requests(arriving) if policy.is_client_streaming else await single(arriving)
            if not policy.is_server_streaming:
                return encode(await behaviour(request, context))
            async for response in behaviour(request, context):
                await context.write(encode(response))
            return None

        return await Call(process, method, context).serve(work)

    # For gRPC every method takes a stream: so we are asked before a message comes, and need not wait for it.
    if policy.is_server_streaming:
        return grpc.stream_stream_rpc_method_handler(serve)
    return grpc.stream_unary_rpc_method_handler(serve)


def _unknown(process: Process, path: str) -> grpc.RpcMethodHandler[Any, Any]:
    async def refuse(request: Any, context: Any) -> None:
        async def work() -> None:
            raise refusal.Unimplemented(path)

        await Call(process, None, context).serve(work)

    return grpc.stream_stream_rpc_method_handler(refuse)


def _read(process: Process, method: Method, decode: Callable[[bytes], Any], data: bytes) -> Message:
    """Decodes a request and holds it to the rules of the contract."""
    if len(data) > process.max_message_bytes:
        raise refusal.MessageTooLarge(len(data), process.max_message_bytes)
    try:
        message: Message = decode(data)
    except DecodeError as error:
        wrong = [("", "is not a valid protobuf message of its type")]
        raise refusal.InvalidRequest(method.package, wrong, f"request cannot be decoded: {error}") from error
    if not method.is_background:
        violations = protovalidate.collect_violations(message)
        if violations:
            raise refusal.InvalidRequest(method.package, violations_of(violations))
    return message


class Call:
    """One request from its arrival to its last byte: whatever way it ends, it is logged and counted exactly once."""

    def __init__(self, process: Process, method: Method | None, context: Any) -> None:
        self._process = process
        self._method = method
        self._rpc = context
        self._started = time.monotonic()
        self._headers = trace.texts(context.invocation_metadata())
        self._name = method.policy.name if method else "unknown"
        self._span: Span = process.spans.server(self._name, self._headers)
        self._identity: Identity = NOBODY
        self._holds: list[str | None] = []

    async def serve(self, work: Outcome) -> bytes | None:
        """Lets the request through or refuses it, runs its method, and answers."""
        try:
            context = self._admit()
        except Error as error:
            return await self._refuse(error)
        CURRENT.set(context)
        is_streaming = self._method is not None and self._method.policy.is_streaming
        scope = asyncio.timeout(context.deadline.timeout())
        # At the deadline the method is dropped wherever it waits; a stream ends at the drain, a single answer may be finished.
        ending = asyncio.create_task(self._end_at_drain(scope)) if is_streaming else None
        try:
            async with scope:
                result = await work()
        except asyncio.CancelledError:
            has_passed = context.deadline.has_passed()
            self._finish(grpc.StatusCode.DEADLINE_EXCEEDED if has_passed else grpc.StatusCode.CANCELLED)
            raise
        except BaseException as error:
            if isinstance(error, TimeoutError) and scope.expired():
                is_drained = self._process.drain.is_draining and not context.deadline.has_passed()
                return await self._refuse(refusal.Draining() if is_drained else refusal.DeadlineExceeded())
            return await self._refuse(_public(error, self._name))
        finally:
            if ending is not None:
                ending.cancel()
        self._finish(grpc.StatusCode.OK)
        return result

    async def _end_at_drain(self, scope: asyncio.Timeout) -> None:
        await self._process.drain.started()
        if not scope.expired():
            scope.reschedule(asyncio.get_running_loop().time())

    def _admit(self) -> Context:
        """Decides from the headers alone whether the request may go on, and in which context."""
        method = self._method
        if method is None:
            return Context(NOBODY, Deadline(), "sheddable", self._span)
        # Deadline: the caller's or the contract's, whichever is earlier. Nobody waits for the answer once it has passed.
        asked = self._rpc.time_remaining()
        deadline = min(Deadline.after(asked), Deadline.after(method.policy.timeout))
        if deadline.has_passed():
            raise refusal.DeadlineExceeded
        # Identity, then access by the contract.
        self._identity = self._process.verifier.identify(self._headers.get("authorization"))
        allow(method.policy, self._identity)
        # Nothing begins once the drain has, but for a look at health.
        if self._process.drain.is_draining and (method.policy.is_streaming or not method.is_background):
            raise refusal.Draining
        # Limits: of the process and of the caller.
        is_counted = method.policy.is_streaming and not method.is_background
        stream_of = self._identity.caller.key if is_counted else None
        self._process.limits.enter(stream_of)
        self._holds.append(stream_of)
        return Context(self._identity, deadline, criticality(method.policy, self._headers, self._identity), self._span)

    async def _refuse(self, error: Error) -> bytes | None:
        answered = answer(error, trace.trace_id(self._span))
        self._finish(answered.code, answered.reason, answered.cause)
        await self._rpc.abort(answered.code, answered.message, ((DETAILS_HEADER, answered.details),))
        return None  # `abort` raises.

    def _finish(self, code: grpc.StatusCode, reason: str = "", cause: str | None = None) -> None:
        seconds = time.monotonic() - self._started
        self._process.calls.record(self._name, code, seconds)
        is_background = self._method is not None and self._method.is_background
        trace_id = trace.trace_id(self._span)
        self._process.requests.write(
            self._name, code, reason, seconds, self._identity.caller, trace_id, cause, is_background=is_background
        )
        trace.end(self._span, code)
        while self._holds:
            self._process.limits.leave(self._holds.pop())


def allow(policy: MethodPolicy, identity: Identity) -> None:
    """Checks the caller's kind, which service it is, and its scopes."""
    caller = identity.caller
    is_admitted = "public" in policy.callers or caller.kind in policy.callers
    if caller.kind == "service" and "public" not in policy.callers and policy.services:
        is_admitted = is_admitted and caller.id in policy.services
    if not is_admitted:
        if caller.kind == "anonymous":
            raise refusal.Unauthenticated("this method needs to know who calls")
        raise refusal.AccessDenied(f"{policy.name} may not be called by this {caller.kind}")
    for scope in policy.scopes:
        if scope not in identity.scopes:
            raise refusal.AccessDenied(f"{policy.name} needs the scope {scope}")


def criticality(policy: MethodPolicy, headers: dict[str, str], identity: Identity) -> str:
    """Returns how much the work matters: a service says it for somebody else; everybody else gets what the contract says."""
    stated = headers.get(CRITICALITY)
    return stated if identity.caller.kind == "service" and stated in CRITICALITIES else policy.criticality


def _public(error: BaseException, method: str) -> Error:
    """Returns what the caller is told of whatever a method raised."""
    if isinstance(error, Error):
        return error
    if isinstance(error, NotImplementedError):
        return refusal.Unimplemented(f"/{method}")
    if isinstance(error, grpc.aio.AioRpcError) and error.code() is grpc.StatusCode.UNAVAILABLE:
        return refusal.UpstreamUnavailable(getattr(error, "souk_neighbour", "a neighbour"), error.details() or "unavailable")
    if isinstance(error, grpc.aio.AioRpcError):
        hidden = refusal.Internal(f"a neighbour answered {error.code().name}: {error.details()}")
    else:
        hidden = refusal.Internal(f"{with_causes(error)} at {place_of(error)}")
    return hidden
