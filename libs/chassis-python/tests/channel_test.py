"""What every call to an upstream passes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyProto
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from souk.echo.v1 import echo_pb2 as pb
from souk.echo.v1.echo_pb2_grpc import EchoServiceServicer, EchoServiceStub, add_EchoServiceServicer_to_server

from echo import Echo
from souk_chassis import Caller, Context, Deadline, development_token
from souk_chassis.caller import Identity
from souk_chassis.channel import target_of
from souk_chassis.context import CURRENT
from souk_chassis.testing import caller, refused

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
Start = Callable[..., Any]


class Next(EchoServiceServicer):
    """An upstream that records its requests, and fails as often as scripted."""

    def __init__(self) -> None:
        self.headers: list[dict[str, Any]] = []
        self.left: list[float] = []
        self.failures = 0
        self.retry_seconds: float | None = None
        self.address = "127.0.0.1:0"
        self._server: Any = None

    async def start(self) -> None:
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        add_EchoServiceServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port(self.address)}"
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop(None)

    async def Say(self, request: pb.SayRequest, context: Any) -> pb.SayResponse:
        self.headers.append(dict(context.invocation_metadata()))
        self.left.append(context.time_remaining())
        if self.failures > 0:
            self.failures -= 1
            details: tuple[Any, ...] = ()
            if self.retry_seconds is not None:
                info, packed = RetryInfo(), AnyProto()
                info.retry_delay.FromNanoseconds(int(self.retry_seconds * 1e9))
                packed.Pack(info)
                status = Status(code=14, message="not now", details=[packed])
                details = (("grpc-status-details-bin", status.SerializeToString()),)
            await context.abort(grpc.StatusCode.UNAVAILABLE, "not now", details)
        if request.name == "internal":
            await context.abort(grpc.StatusCode.INTERNAL, "a secret of the upstream")
        return pb.SayResponse(name=request.name)

    async def Repeat(self, request: pb.RepeatRequest, context: Any) -> AsyncIterator[pb.SayResponse]:
        self.headers.append(dict(context.invocation_metadata()))
        for _ in range(request.times):
            yield pb.SayResponse(name=request.name)


@pytest.fixture
async def upstream() -> AsyncIterator[Next]:
    running = Next()
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def echo(start: Start, upstream: Next) -> Echo:
    running: Echo = await start(upstreams__next=f"http://{upstream.address}")
    return running


async def a_call_carries_deadline_identity_criticality_and_trace(echo: Echo, upstream: Next) -> None:
    traced = (*caller("user:alice"), ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01"), ("tracestate", "vendor=1"))
    await echo.stub.Forward(pb.SayRequest(name="hi"), metadata=traced, timeout=0.7)
    headers = upstream.headers[0]
    assert headers["authorization"] == f"Bearer {development_token(Caller('service', 'echo'))}"
    assert headers["souk-criticality"] == "critical_plus"
    assert headers["traceparent"].startswith(f"00-{TRACE}-") and "00f067aa0ba902b7" not in headers["traceparent"]
    assert headers["tracestate"] == "vendor=1"
    # What is left of the caller's time, and never more than the contract gives the method.
    assert 0.3 < upstream.left[0] <= 0.7
    await echo.stub.Forward(pb.SayRequest(name="hi"))
    assert upstream.left[1] <= 1.1


async def a_call_has_the_scopes_that_the_service_was_given(start: Start, upstream: Next) -> None:
    scopes = "orders.read  gift-cards.v2.write"
    echo = await start(upstreams__next=f"http://{upstream.address}", identity__scopes=scopes, identity__development_key="own")
    await echo.stub.Forward(pb.SayRequest(name="hi"))
    token = upstream.headers[0]["authorization"].removeprefix("Bearer ")
    assert token == development_token(Caller("service", "echo"), ["orders.read", "gift-cards.v2.write"], "own")


async def what_is_unavailable_is_asked_again_and_only_so_often(echo: Echo, upstream: Next) -> None:
    upstream.failures = 2
    assert (await echo.stub.Forward(pb.SayRequest(name="hi"))).name == "hi"
    assert len(upstream.headers) == 3
    upstream.failures = 9
    refusal = await refused(echo.stub.Forward(pb.SayRequest(name="hi")))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "ERROR_REASON_UPSTREAM_UNAVAILABLE")
    assert (refusal.message, refusal.metadata) == ("next cannot be reached: not now", {"service": "next"})
    assert len(upstream.headers) == 6
    _, text = await echo.page("/metrics")
    failed = 'rpc_client_call_duration_seconds_count{error_type="UNAVAILABLE",rpc_method="souk.echo.v1.EchoService/Say"'
    assert any(line.startswith(failed) and line.endswith(" 5.0") for line in text.splitlines())


async def the_upstream_says_when_to_ask_again(echo: Echo, upstream: Next) -> None:
    upstream.failures, upstream.retry_seconds = 1, 0.3
    started = time.monotonic()
    await echo.stub.Forward(pb.SayRequest(name="hi"))
    assert time.monotonic() - started >= 0.3
    # Not when the caller does not wait that long.
    upstream.failures, upstream.retry_seconds = 1, 5.0
    refusal = await refused(echo.stub.Forward(pb.SayRequest(name="hi")))
    assert refusal.code is grpc.StatusCode.UNAVAILABLE


async def an_upstreams_own_failure_is_internal_here_and_hidden(echo: Echo) -> None:
    refusal = await refused(echo.stub.Forward(pb.SayRequest(name="internal")))
    assert (refusal.code, refusal.message) == (grpc.StatusCode.INTERNAL, "internal error")


async def an_upstream_that_is_away_or_not_configured_is_unavailable(start: Start, echo: Echo, upstream: Next) -> None:
    await upstream.stop()
    refusal = await refused(echo.stub.Forward(pb.SayRequest(name="hi")))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "ERROR_REASON_UPSTREAM_UNAVAILABLE")
    await upstream.start()
    async with asyncio.timeout(60):
        while (await echo.stub.Forward(pb.SayRequest(name="hi")).code()) is not grpc.StatusCode.OK:
            await asyncio.sleep(0.05)
    nowhere = await start("nowhere")
    refusal = await refused(nowhere.stub.Forward(pb.SayRequest(name="hi")))
    assert (
        refusal.code is grpc.StatusCode.UNAVAILABLE
        and "upstreams.next" in refusal.message
        and refusal.metadata["service"] == "next"
    )


async def a_stream_passes_the_same_and_is_counted_at_its_end(echo: Echo, upstream: Next) -> None:
    span = echo.running._outgoing.spans.client("test", None)
    CURRENT.set(Context(Identity(), Deadline.after(5), "sheddable", span))
    stub = EchoServiceStub(echo.running.channel("next"))
    names = [answer.name async for answer in stub.Repeat(pb.RepeatRequest(name="hi", times=3))]
    assert names == ["hi"] * 3
    assert upstream.headers[0]["souk-criticality"] == "sheddable"
    async with asyncio.timeout(60):
        while (
            'rpc_method="souk.echo.v1.EchoService/Repeat",rpc_response_status_code="OK"'
            not in ((await echo.page("/metrics"))[1])
        ):
            await asyncio.sleep(0.01)


def addresses_become_targets() -> None:
    assert target_of("http://127.0.0.1:7302") == "ipv4:127.0.0.1:7302"
    assert target_of("http://127.0.0.1:1, http://127.0.0.2:2") == "ipv4:127.0.0.1:1,127.0.0.2:2"
    assert target_of("http://[::1]:7302") == "ipv6:[::1]:7302"
    assert target_of("http://events.souk.svc:80") == "dns:///events.souk.svc:80"
    for wrong in ("127.0.0.1:1", "http://127.0.0.1", "https://127.0.0.1:1", "http://a:1,http://b:1", "http://a:1/x"):
        with pytest.raises(ValueError, match="must"):
            target_of(wrong)
