"""What a service leaves behind to be looked at: log lines without secrets, and spans."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from souk.echo.v1 import echo_pb2 as pb

from souk_chassis import Drain, Service, log, redacted
from souk_chassis.service import Worker
from souk_chassis.testing import caller
from souk_chassis.worker import keep_running

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def a_message_is_written_without_what_the_contract_redacts() -> None:
    message = pb.SayRequest(
        name="hi\nthere", password="4711", lines=[pb.Line(quantity=2)], named={"b": pb.Line(), "a": pb.Line(quantity=1)}
    )
    assert redacted(message) == (
        "SayRequest { name: 'hi\\nthere', lines: [Line { quantity: 2 }], password: [redacted], "
        "named: {'a': Line { quantity: 1 }, 'b': Line {}} }"
    )


@pytest.mark.parametrize("output", ["text", "json"])
def a_log_line_is_one_line_with_its_fields(output: str, lines: list[str]) -> None:
    log.start(output, "info,quiet.part=error")
    logger = logging.getLogger("shop")
    logger.info("placed %s\nand more", "order_1", extra={"order.id": "order_1", "note": 'a "b"'})
    try:
        raise ValueError("no stock")
    except ValueError:
        logger.exception("failed")
    logging.getLogger("quiet.part").warning("not written")
    logger.debug("not written")
    log.start("text", "info")
    logging.getLogger("quiet.part").setLevel(logging.NOTSET)
    placed, failed = lines
    if output == "text":
        assert placed.endswith('Z  INFO shop: placed order_1\\nand more order.id=order_1 note="a \\"b\\""')
        assert 'ERROR shop: failed error="ValueError: no stock" error.place=seeing_test.py:' in failed
    else:
        first = json.loads(placed)
        assert (first["level"], first["target"], first["order.id"]) == ("INFO", "shop", "order_1")
        assert first["message"] == "placed order_1\nand more"
        assert json.loads(failed)["error"] == "ValueError: no stock"


async def a_worker_that_fails_is_started_again_until_the_drain(lines: list[str]) -> None:
    log.start("text", "info")
    drain = Drain()
    runs = 0

    async def work(drain: Drain) -> None:
        nonlocal runs
        runs += 1
        if runs == 3:
            drain.start()
        raise ValueError(f"run {runs}")

    await asyncio.wait_for(keep_running("echo", Worker("sweep", work), drain), 10)
    assert runs == 3
    assert len([line for line in lines if "worker echo/sweep failed and restarts in" in line]) == 2
    assert "worker echo/sweep failed while stopping" in lines[-1]
    assert Service().worker("sweep", work).workers[0].name == "sweep"


async def spans_go_to_the_collector_below_their_callers(start: Callable[..., Any]) -> None:
    exported: list[Any] = []

    class Collector(TraceServiceServicer):
        async def Export(self, request: Any, context: Any) -> Any:
            for resource in request.resource_spans:
                exported.extend((resource.resource, span) for scope in resource.scope_spans for span in scope.spans)
            return trace_service_pb2.ExportTraceServiceResponse()

    server = grpc.aio.server()
    add_TraceServiceServicer_to_server(Collector(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    second = await start("second")
    settings = {"telemetry__otlp_endpoint": f"http://127.0.0.1:{port}"}
    echo = await start("echo", upstreams__next=f"http://{second.running.address}", **settings)
    traced = (*caller("user:alice"), ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01"))
    answer = await echo.stub.Forward(pb.SayRequest(name="hi"), metadata=traced)
    assert answer.seen[3] == TRACE
    await echo.stop()
    by_name = {span.name: span for _, span in exported}
    served, called = by_name["souk.echo.v1.EchoService/Forward"], by_name["souk.echo.v1.EchoService/Say"]
    assert served.trace_id.hex() == called.trace_id.hex() == TRACE
    assert served.parent_span_id.hex() == "00f067aa0ba902b7" and called.parent_span_id == served.span_id
    assert {one.key: one.value.string_value for one in served.attributes}["rpc.response.status_code"] == "OK"
    assert {one.key: one.value.string_value for one in exported[0][0].attributes}["service.name"] == "echo"
    await server.stop(None)


async def a_collector_that_is_away_costs_no_request_and_no_time(start: Callable[..., Any]) -> None:
    echo = await start(telemetry__otlp_endpoint="http://127.0.0.1:9")
    await echo.stub.Say(pb.SayRequest(name="hi"))
    async with asyncio.timeout(8):
        await echo.stop()


@pytest.mark.parametrize("output", ["text", "json"])
async def text_from_outside_cannot_start_a_line(start: Callable[..., Any], lines: list[str], output: str) -> None:
    echo = await start(log__format=output)
    await echo.stub.Say(pb.SayRequest(name="hi"), metadata=caller('user:eve"\\n\u2028x'))
    async with asyncio.timeout(60):
        while not any("EchoService/Say" in line for line in lines):
            await asyncio.sleep(0.01)
    line = next(line for line in lines if "EchoService/Say" in line)
    assert line.isprintable() and len(line.splitlines()) == 1
    assert r"user:eve\"\\n\u2028x" in line
