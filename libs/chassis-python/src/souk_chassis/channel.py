"""What every call to an upstream passes: deadline, identity, criticality, trace, and repeats where the contract allows them."""

from __future__ import annotations

import asyncio
import ipaddress
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import grpc
from opentelemetry.trace import Span
from souk_client import SoukError

from souk_chassis import policy, trace
from souk_chassis.context import CURRENT
from souk_chassis.deadline import Deadline
from souk_chassis.error import DETAILS_HEADER, answer
from souk_chassis.policy import MethodPolicy
from souk_chassis.red import Calls
from souk_chassis.refusal import UpstreamUnavailable

MAX_ATTEMPTS = 3
FIRST_PAUSE_SECONDS = 0.025
LONGEST_PAUSE_SECONDS = 1.0
CRITICALITY = "souk-criticality"
_PUSHBACK = "grpc-retry-pushback-ms"
_OPTIONS = (
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.max_receive_message_length", 16 << 20),
    ("grpc.max_send_message_length", 16 << 20),
    ("grpc.service_config", '{"loadBalancingConfig":[{"round_robin":{}}]}'),
)


@dataclass(frozen=True)
class Outgoing:
    """What all channels of a process share."""

    calls: Calls
    spans: trace.Spans


class Channel(grpc.aio.Channel):
    """The way to one upstream, on which this service calls with its `token`. Generated stubs take it as any channel."""

    def __init__(self, upstream: str, addresses: str, token: str, outgoing: Outgoing) -> None:
        self.upstream = upstream
        self._token = token
        self._outgoing = outgoing
        self._inner = grpc.aio.insecure_channel(target_of(addresses), options=_OPTIONS) if addresses else None

    async def close(self, grace: float | None = None) -> None:
        """Closes the connections."""
        if self._inner is not None:
            await self._inner.close(grace)

    def unary_unary(self, method: str, *serializers: Any, **options: Any) -> Any:
        """Returns what calls a method with one message each way; `await` it. It is repeated where the contract allows."""
        multicallable = self._inner.unary_unary(method, *serializers, **options) if self._inner else None

        async def call(request: Any, *, timeout: float | None = None, metadata: Any = None, **rest: Any) -> Any:
            sending = _Sending(self, method, timeout, metadata)
            if multicallable is None:
                raise self._nowhere()
            attempts = 0
            while True:
                attempts += 1
                try:
                    return await sending.once(multicallable, request, **rest)
                except grpc.aio.AioRpcError as error:
                    pause = sending.pause_after(error, attempts)
                    if pause is None:
                        error.souk_upstream = self.upstream  # type: ignore[attr-defined]
                        raise
                await asyncio.sleep(pause)

        return call

    def unary_stream(self, method: str, *serializers: Any, **options: Any) -> Any:
        """Returns what calls a method that streams its answers."""
        return self._stream(self._inner.unary_stream(method, *serializers, **options) if self._inner else None, method)

    def stream_unary(self, method: str, *serializers: Any, **options: Any) -> Any:
        """Returns what calls a method to which messages are streamed."""
        return self._stream(self._inner.stream_unary(method, *serializers, **options) if self._inner else None, method)

    def stream_stream(self, method: str, *serializers: Any, **options: Any) -> Any:
        """Returns what calls a method with streams both ways."""
        return self._stream(self._inner.stream_stream(method, *serializers, **options) if self._inner else None, method)

    def _stream(self, multicallable: Any, method: str) -> Callable[..., Any]:
        def call(*requests: Any, timeout: float | None = None, metadata: Any = None, **rest: Any) -> Any:
            sending = _Sending(self, method, timeout, metadata)
            if multicallable is None:
                raise self._nowhere()
            return sending.stream(multicallable, *requests, **rest)

        return call

    def _nowhere(self) -> grpc.aio.AioRpcError:
        why = f"it has no configured address (upstreams.{self.upstream})"
        status = answer(UpstreamUnavailable(self.upstream, why), "")
        details = grpc.aio.Metadata((DETAILS_HEADER, status.details))
        error = grpc.aio.AioRpcError(status.code, grpc.aio.Metadata(), details, details=status.message)
        error.souk_upstream = self.upstream  # type: ignore[attr-defined]
        return error

    async def __aenter__(self) -> Channel:
        return self

    async def __aexit__(self, *exception: Any) -> None:
        await self.close()

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Returns the state of the connection."""
        return self._inner.get_state(try_to_connect) if self._inner else grpc.ChannelConnectivity.TRANSIENT_FAILURE

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Waits until the state is another."""
        if self._inner:
            await self._inner.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Waits until the upstream is connected."""
        if self._inner:
            await self._inner.channel_ready()


class _Sending:
    """One call: with whom, until when, in which trace."""

    def __init__(self, channel: Channel, path: str, timeout: float | None, metadata: Any) -> None:
        context = CURRENT.get(None)
        self._channel = channel
        self._policy: MethodPolicy | None = policy.by_path(path)
        self._name = path.lstrip("/")
        self._parent: Span | None = context.span if context else None
        # The caller's own, the contract's, and what is left of the request that this call is made for.
        deadlines = [Deadline.after(timeout), Deadline.after(self._policy.timeout if self._policy else None)]
        self._deadline = min([*deadlines, context.deadline] if context else deadlines)
        criticality = context.criticality if context else self._policy.criticality if self._policy else None
        self._metadata: list[tuple[str, str | bytes]] = [("authorization", f"Bearer {channel._token}"), *(metadata or ())]
        if criticality:
            self._metadata.append((CRITICALITY, criticality))

    async def once(self, multicallable: Callable[..., Awaitable[Any]], request: Any, **rest: Any) -> Any:
        """Sends the call once, with the time that is left now."""
        span, metadata, started = self._begin()
        code = grpc.StatusCode.CANCELLED
        try:
            response = await multicallable(request, timeout=self._deadline.timeout(), metadata=metadata, **rest)
            code = grpc.StatusCode.OK
            return response
        except grpc.aio.AioRpcError as error:
            code = error.code()
            raise
        finally:
            self._end(span, started, code)

    def stream(self, multicallable: Callable[..., Any], *requests: Any, **rest: Any) -> Any:
        """Starts a call with a stream; it is counted when it ends."""
        span, metadata, started = self._begin()
        call = multicallable(*requests, timeout=self._deadline.timeout(), metadata=metadata, **rest)

        def ended(call: Any) -> None:
            code = grpc.StatusCode.CANCELLED if call.cancelled() else None
            # `code()` waits for the end, which has come; asyncio has it in the status by now.
            status = getattr(getattr(call, "_cython_call", None), "_status", None)
            if code is None and status is not None:
                code = next((one for one in grpc.StatusCode if one.value[0] == status.code()), grpc.StatusCode.UNKNOWN)
            self._end(span, started, code or grpc.StatusCode.OK)

        call.add_done_callback(ended)
        return call

    def pause_after(self, error: grpc.aio.AioRpcError, attempts: int) -> float | None:
        """Returns how long to wait before the next attempt, or none when this answer is the last (gRFC A6)."""
        if error.code() is not grpc.StatusCode.UNAVAILABLE or attempts >= MAX_ATTEMPTS:
            return None
        if self._policy is None or not self._policy.is_repeatable:
            return None
        pause = _told(error)
        if pause is None:
            most = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempts - 1))
            pause = most * random.uniform(0.2, 1.0)
        # An attempt that could not be answered in time is not worth making.
        return pause if 0 <= pause < self._deadline.remaining() else None

    def _begin(self) -> tuple[Span, Any, float]:
        span = self._channel._outgoing.spans.client(self._name, self._parent)
        metadata = [*self._metadata, *trace.headers(span).items()]
        return span, metadata, time.monotonic()

    def _end(self, span: Span, started: float, code: grpc.StatusCode) -> None:
        self._channel._outgoing.calls.record(self._name, code, time.monotonic() - started)
        trace.end(span, code)


def _told(error: grpc.aio.AioRpcError) -> float | None:
    """Reads what the server says about trying again: `grpc-retry-pushback-ms`, else RetryInfo; negative means never."""
    for key, value in error.trailing_metadata() or ():
        if key == _PUSHBACK:
            return int(value) / 1000 if isinstance(value, str) and value.isdigit() else -1.0
    return SoukError.of(error).retry_after


def target_of(addresses: str) -> str:
    """Returns the gRPC target of one address, or several separated by commas; raises ValueError with what is allowed."""
    hosts = [_host(address.strip()) for address in addresses.split(",")]
    versions = {version for _, version in hosts}
    names = ",".join(host for host, _ in hosts)
    if len(versions) == 1 and None not in versions:
        return f"ipv{versions.pop()}:{names}"
    if len(hosts) > 1:
        raise ValueError("several addresses must all be IP addresses of one version")
    return f"dns:///{names}"


def _host(address: str) -> tuple[str, int | None]:
    url = urlsplit(address)
    if url.scheme != "http" or not url.hostname or not url.port or url.path.strip("/"):
        raise ValueError("must name an address like http://127.0.0.1:7302")
    try:
        ip = ipaddress.ip_address(url.hostname)
    except ValueError:
        return url.netloc, None
    return (f"[{ip}]:{url.port}" if ip.version == 6 else f"{ip}:{url.port}"), ip.version


def upstreams(addresses: dict[str, str]) -> Sequence[tuple[str, str]]:
    """Checks all addresses; returns those that are wrong, with what is allowed."""
    wrong = []
    for name, address in addresses.items():
        try:
            target_of(address)
        except ValueError as error:
            wrong.append((name, str(error)))
    return wrong
