"""What every request passes before and after its method, in reading order."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import protovalidate
from google.protobuf.message import DecodeError, Message
from opentelemetry.trace import Span

from souk_chassis import owned, red, refusal, trace
from souk_chassis.caller import NOBODY, Identity
from souk_chassis.channel import CRITICALITY
from souk_chassis.context import CURRENT, Context
from souk_chassis.counts import Shape, too_many
from souk_chassis.deadline import Deadline
from souk_chassis.decoding import DecodingBudget
from souk_chassis.drain import Drain
from souk_chassis.error import DETAILS_HEADER, Error, answer, with_causes
from souk_chassis.identity import Verifier
from souk_chassis.limits import Limits, Permit
from souk_chassis.log import place_of
from souk_chassis.policy import CRITICALITIES, MethodPolicy
from souk_chassis.reason import INVALID_FIELD
from souk_chassis.red import Calls
from souk_chassis.request_log import RequestLog
from souk_chassis.times import impossible_times
from souk_chassis.validate import violations_of

_LOG = logging.getLogger("souk_chassis.incoming")
MAX_HEADER_BYTES = 16 << 10
"""The most bytes of all headers of a request."""
_HEADER_OVERHEAD_BYTES = 32
# Larger messages are decoded and checked on a thread, so that the event loop continues.
_LARGE_BYTES = 64 << 10
# Beyond the setting, a response may take one second for this many bytes, so that a large one passes a slow line.
_SLOWEST_BYTES_PER_SECOND = 64 << 10
# No message of protobuf begins with these bytes: they would be a field of a kind that does not exist.
_GZIP = b"\x1f\x8b"
_KINDS_IN_WORDS = {"user": "a user", "guest": "a guest", "service": "a service", "staff": "a member of the staff"}
# The most that each request reports.
_MOST_VIOLATIONS = refusal.InvalidRequest.MOST

Outcome = Callable[[], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True)
class Method:
    """One method that is served here. `is_background`: health and reflection, which say nothing about the shop."""

    policy: MethodPolicy
    handler: grpc.RpcMethodHandler[Any, Any]
    domain: str
    is_background: bool
    max_request_bytes: int
    shape: Shape | None


@dataclass(frozen=True, slots=True)
class Process:
    """Everything that incoming requests need, made once before the first of them."""

    methods: dict[str, Method]
    verifier: Verifier
    limits: Limits
    decoding: DecodingBudget
    send_seconds: float
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

    async def requests(call: Call, arriving: AsyncIterator[bytes]) -> AsyncIterator[Message]:
        async for data in arriving:
            yield await call.read(decode, data)

    async def single(call: Call, arriving: AsyncIterator[bytes]) -> Message:
        request: Message | None = None
        async for data in arriving:
            if request is not None:
                more = "the request has more than one message, but this method takes one"
                raise refusal.InvalidRequest(method.domain, [("", "is more than one message")], more)
            request = await call.read(decode, data)
        if request is None:
            nothing = "the request has no message, or ends inside of it"
            raise refusal.InvalidRequest(method.domain, [("", "is missing")], nothing)
        call.hold_to_owner(request)
        return request

    async def serve(arriving: AsyncIterator[bytes], context: Any) -> bytes | None:
        call = Call(process, method, context)

        async def work() -> bytes | None:
            # A stream of requests is checked message by message; a single one before the method sees it.
            request = requests(call, arriving) if policy.is_client_streaming else await single(call, arriving)
            if not policy.is_server_streaming:
                return encode(await behaviour(request, context))
            async for response in behaviour(request, context):
                await call.write(encode(response))
            return None

        return await call.serve(work)

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


def _read(method: Method, decode: Callable[[bytes], Any], data: bytes) -> Message:
    """Counts, decodes and holds a request to the rules of the contract."""
    long = too_many(data, method.shape)
    if long is not None:
        raise refusal.InvalidRequest(method.domain, [long])
    try:
        message: Message = decode(data)
    except DecodeError as error:
        wrong = [("", "is not a valid protobuf message of its type")]
        raise refusal.InvalidRequest(method.domain, wrong, f"request cannot be decoded: {error}") from error
    if not method.is_background:
        impossible = impossible_times(message, _MOST_VIOLATIONS)
        if impossible:
            raise refusal.InvalidRequest(method.domain, impossible)
        violations = protovalidate.collect_violations(message)
        if violations:
            raise refusal.InvalidRequest(method.domain, violations_of(violations))
    return message


class Call:
    """One request from its arrival to its last byte: whatever way it ends, it is logged and counted exactly once."""

    def __init__(self, process: Process, method: Method | None, context: Any) -> None:
        self._process = process
        self._method = method
        self._rpc = context
        self._peer = process.limits.peer(context.peer() or "")
        self._started = time.monotonic()
        self._headers = trace.texts(context.invocation_metadata())
        self._name = method.policy.name if method else "unknown"
        self._span: Span = process.spans.server(self._name, self._headers)
        self._identity: Identity = NOBODY
        self._permit: Permit | None = None

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
        except _NotTakenError as error:
            self._finish(grpc.StatusCode.CANCELLED, cause="the caller did not read the response in time", size=error.size)
            # gRPC for Python resets no stream. Its end waits behind what is unread, and its share is held until then.
            await self._rpc.abort(grpc.StatusCode.CANCELLED, "the response was not read in time")
        except BaseException as error:
            if isinstance(error, TimeoutError) and scope.expired():
                is_drained = self._process.drain.is_draining and not context.deadline.has_passed()
                return await self._refuse(refusal.Draining() if is_drained else refusal.DeadlineExceeded())
            return await self._refuse(_public(error, self._name))
        finally:
            if ending is not None:
                ending.cancel()
        self._finish(grpc.StatusCode.OK, size=len(result or b""))
        return result

    async def read(self, decode: Callable[[bytes], Any], data: bytes) -> Message:
        """Reads one message of the request: no larger than its method allows, and out of what all messages at once may take."""
        method, process = self._method, self._process
        assert method is not None
        if data.startswith(_GZIP):
            raise refusal.UnsupportedCompression("gzip")
        if len(data) > method.max_request_bytes:
            raise refusal.MessageTooLarge(len(data), method.max_request_bytes)
        kind = self._identity.caller.kind
        if not process.decoding.reserve(len(data), kind):
            most = process.decoding.max_bytes
            process.limits.refused("decoding_bytes", "server.max_decoding_bytes", most, self._peer.address)
            raise refusal.Overloaded("the server is reading too many bytes of messages at once")
        try:
            if len(data) > _LARGE_BYTES:
                return await asyncio.to_thread(_read, method, decode, data)
            return _read(method, decode, data)
        finally:
            process.decoding.release(len(data), kind)

    def hold_to_owner(self, request: Message) -> None:
        """Lets the one request of a call reach only what its caller may, and writes a user's customer into it."""
        method = self._method
        if method is not None and not method.is_background:
            owned.check(owned.rules_of(method.policy.path), self._identity.caller, method.domain, request)

    async def write(self, message: bytes) -> None:
        """Sends one message of a stream. A caller that does not take it in time is given up."""
        seconds = self._process.send_seconds + len(message) / _SLOWEST_BYTES_PER_SECOND
        try:
            async with asyncio.timeout(seconds) as scope:
                await self._rpc.write(message)
        except TimeoutError:
            if not scope.expired():
                raise
            most = int(self._process.send_seconds)
            self._process.limits.refused("send_seconds", "server.send_seconds", most, self._peer.address)
            raise _NotTakenError(len(message)) from None

    async def _end_at_drain(self, scope: asyncio.Timeout) -> None:
        await self._process.drain.started()
        if not scope.expired():
            scope.reschedule(asyncio.get_running_loop().time())

    def _admit(self) -> Context:
        """Decides from the headers alone whether the request may go on, and in which context."""
        method = self._method
        if method is None:
            return Context(NOBODY, Deadline(), "sheddable", self._span)
        size = self._header_bytes()
        if size > MAX_HEADER_BYTES:
            raise refusal.HeadersTooLarge(size, MAX_HEADER_BYTES)
        # Deadline: the caller's or the contract's, whichever is earlier. After it has passed, the response is not awaited.
        asked = self._rpc.time_remaining()
        deadline = min(Deadline.after(asked), Deadline.after(method.policy.timeout))
        if deadline.has_passed():
            raise refusal.DeadlineExceeded
        # Identity, then access by the contract. With two tokens it is unclear which is meant.
        if sum(key == "authorization" for key, _ in self._rpc.invocation_metadata() or ()) > 1:
            raise refusal.Unauthenticated("there is more than one authorization header, send one")
        self._identity = self._process.verifier.identify(self._headers.get("authorization"))
        allow(method.policy, self._identity)
        # Nothing begins once the drain has, but for a look at health.
        if self._process.drain.is_draining and (method.policy.is_streaming or not method.is_background):
            raise refusal.Draining
        # Limits: of the process, the connection, the address and the caller. Health and reflection have limits of their own.
        importance = criticality(method.policy, self._headers, self._identity)
        limits, is_streaming = self._process.limits, method.policy.is_streaming
        if method.is_background:
            permit = limits.enter_background(self._peer, is_streaming=is_streaming)
        else:
            permit = limits.enter(self._peer, self._identity.caller, importance, is_streaming=is_streaming)
        self._permit = permit
        self._rpc.add_done_callback(lambda _: limits.sent(permit))
        return Context(self._identity, deadline, importance, self._span)

    def _header_bytes(self) -> int:
        metadata = self._rpc.invocation_metadata() or ()
        return sum(len(key) + len(value) + _HEADER_OVERHEAD_BYTES for key, value in metadata)

    async def _refuse(self, error: Error) -> bytes | None:
        self._hold_to_contract(error)
        answered = answer(error, trace.trace_id(self._span))
        self._finish(answered.code, answered.reason, answered.cause)
        await self._rpc.abort(answered.code, answered.message, ((DETAILS_HEADER, answered.details),))
        return None  # `abort` raises.

    def _hold_to_contract(self, error: Error) -> None:
        """Reports a reason that is not listed for the method, and facts that are not the reason's: callers expect neither."""
        method = self._method
        if method is None or method.is_background:
            return
        name, reason = method.policy.name, error.reason_name
        is_own = error.domain == method.domain and reason != INVALID_FIELD
        if is_own and reason not in method.policy.reasons:
            _LOG.error("%s failed with %s, which its contract does not list", name, reason)
            red.UNLISTED_REASONS.labels(name, reason).inc()
        if not error.policy.allows(error.metadata):
            facts = ", ".join(error.metadata)
            _LOG.error("%s failed with %s and the metadata [%s], which is not that of its contract", name, reason, facts)
            red.WRONG_FACTS.labels(name, reason).inc()

    def _finish(self, code: grpc.StatusCode, reason: str = "", cause: str | None = None, size: int = 0) -> None:
        seconds = time.monotonic() - self._started
        self._process.calls.record(self._name, code, seconds)
        is_background = self._method is not None and self._method.is_background
        trace_id = trace.trace_id(self._span)
        self._process.requests.write(
            self._name, code, reason, seconds, self._identity.caller, trace_id, cause, is_background=is_background
        )
        trace.end(self._span, code)
        if self._permit is not None:
            self._process.limits.answered(self._permit, size)


class _NotTakenError(Exception):
    """The caller did not read a message for too long; holds its size in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


def allow(policy: MethodPolicy, identity: Identity) -> None:
    """Checks the caller's kind and scopes. Of several grants to its kind the first says why it is not admitted."""
    kind = identity.caller.kind
    grants = policy.grants_for(kind)
    if not grants and kind == "anonymous":
        raise refusal.Unauthenticated("this method requires an authenticated caller")
    if not grants:
        raise refusal.AccessDenied(f"{policy.name} may not be called by {_KINDS_IN_WORDS[kind]}")
    excluded = [kind == "guest" and grant.excludes_guests for grant in grants]
    lacking = [grant.lacking(identity.scopes) for grant in grants]
    if any(not one and not scopes for one, scopes in zip(excluded, lacking, strict=True)):
        return
    if excluded[0]:
        raise refusal.AccessDenied(f"{policy.name} may be called by a user who has signed in, not by a guest")
    needed = " and ".join(lacking[0])
    message = f"{policy.name} may be called by {_KINDS_IN_WORDS[kind]} whose token has the scope {needed}"
    raise refusal.AccessDenied(message, lacking[0])


def criticality(policy: MethodPolicy, headers: dict[str, str], identity: Identity) -> str:
    """Returns the criticality: a service passes on its caller's; all others get the contract's."""
    stated = headers.get(CRITICALITY)
    return stated if identity.caller.kind == "service" and stated in CRITICALITIES else policy.criticality


def _public(error: BaseException, method: str) -> Error:
    """Returns the error for the caller for anything that a method raised."""
    if isinstance(error, Error):
        return error
    if isinstance(error, NotImplementedError):
        return refusal.Unimplemented(f"/{method}")
    if isinstance(error, grpc.aio.AioRpcError) and error.code() is grpc.StatusCode.UNAVAILABLE:
        return refusal.UpstreamUnavailable(getattr(error, "souk_upstream", "an upstream"), error.details() or "unavailable")
    if isinstance(error, grpc.aio.AioRpcError):
        hidden = refusal.Internal(f"an upstream answered {error.code().name}: {error.details()}")
    else:
        hidden = refusal.Internal(f"{with_causes(error)} at {place_of(error)}")
    return hidden
