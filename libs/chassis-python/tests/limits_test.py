"""What a message, a connection, an address and a caller may cost."""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from souk.echo.v1 import echo_pb2 as pb

from conftest import ROOT
from echo import Echo
from souk_chassis import log, running
from souk_chassis.bounds import max_request_bytes
from souk_chassis.caller import ANONYMOUS, Caller
from souk_chassis.counts import shape_of, too_many
from souk_chassis.decoding import DecodingBudget
from souk_chassis.error import Error
from souk_chassis.limits import Limits, Peer
from souk_chassis.testing import caller, refused

VECTORS = json.loads((ROOT / "tests/contract/message_limits.json").read_text())
Start = Callable[..., Any]

# Every method of the contract is in the pool of descriptors once its module is imported.
_CLIENT = ROOT / "clients/python/src"
for _file in sorted(_CLIENT.glob("souk/**/*_service_pb2.py")):
    importlib.import_module(".".join(_file.relative_to(_CLIENT).with_suffix("").parts))


def method(path: str) -> Any:
    return descriptor_pool.Default().FindMethodByName(path[1:].replace("/", "."))


def every_method_of_the_contract_reads_as_much_as_its_rules_allow() -> None:
    known: dict[str, int] = VECTORS["max_request_bytes"]
    assert len(known) > 90
    assert {path: min(16 << 20, max_request_bytes(method(path).input_type)) for path in known} == known


def a_list_that_is_too_long_is_found_in_the_bytes_of_a_request() -> None:
    assert len(VECTORS["too_many"]) > 3
    for case in VECTORS["too_many"]:
        found = too_many(base64.b64decode(case["message"]), shape_of(method(case["path"]).input_type), 0)
        assert found is not None and found[0] == case["field"], case["path"]


def every_list_of_every_method_is_refused_at_the_first_item_too_many_and_not_before() -> None:
    lists = 0
    for path, most in VECTORS["lists"].items():
        request = method(path).input_type
        for name, limit in most.items():
            assert too_many(items(request, name, limit), shape_of(request), 0) is None, path
            found = too_many(items(request, name, limit + 1), shape_of(request), 0)
            assert found is not None and found[0] == name.replace("[]", "[0]"), path
            lists += 1
    assert lists > 40


def items(message: Any, path: str, count: int) -> bytes:
    """Returns a message with this many empty elements, or numbers 0, in the list at `product.variants[].prices`."""
    name, _, rest = path.partition(".")
    field = message.fields_by_name[name.removesuffix("[]")]
    if rest:
        content = items(field.message_type, rest, count)
        return varint(field.number << 3 | 2) + varint(len(content)) + content
    is_number = field.message_type is None and field.type not in (field.TYPE_STRING, field.TYPE_BYTES)
    return (varint(field.number << 3 | (0 if is_number else 2)) + b"\0") * count


def varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)


def a_list_is_counted_however_it_is_written() -> None:
    said: Any = pb.SayRequest.DESCRIPTOR
    shape = shape_of(said)
    for passes in (b"", b"\x12\x00" * 3, b"\x12\x00\x33\x0a\x00\x34" * 3, b"\x12", b"\x12\x09\x01", b"\x13", b"\xff" * 30):
        assert too_many(passes, shape, 0) is None, passes
    assert too_many(b"\x12\x00" * 4, shape, 0) == ("lines", "must contain no more than 3 item(s)")
    assert too_many(b"\x22\x00" * 11, shape, 0) == ("named", "map must be at most 10 entries")


async def millions_of_empty_elements_are_refused_before_they_are_decoded(echo: Echo) -> None:
    raw: Any = echo.channel.unary_unary("/souk.echo.v1.EchoService/Say")
    refusal = await refused(raw(b"\x0a\x03you" + b"\x12\x00" * 3_500_000))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "ERROR_REASON_INVALID_FIELD")
    assert refusal.fields == {"lines": "must contain no more than 3 item(s)"}


def what_is_read_at_once_is_bounded_most_tightly_for_callers_without_a_token() -> None:
    budget = DecodingBudget(100_000, 10_000)
    assert budget.reserve(20_000, "anonymous")
    assert not budget.reserve(5_001, "anonymous")
    assert budget.reserve(50_000, "user"), "what others have is not taken from it"
    assert not budget.reserve(5_000, "user")
    assert not budget.reserve(5_000, "guest"), "guests share it with users"
    assert budget.reserve(30_000, "service")
    assert not budget.reserve(5_000, "staff"), "all have it together"
    assert budget.reserve(4096, "anonymous"), "small ones are not counted"
    budget.release(20_000, "anonymous")
    assert budget.reserve(20_000, "staff")
    assert DecodingBudget(10_000, 10_000).reserve(10_000, "anonymous"), "one of the largest always fits"


@dataclass(frozen=True)
class Caps:
    max_requests: int = 100
    max_streams_per_caller: int = 2
    max_requests_per_connection: int = 1000
    max_requests_per_peer: int = 1000
    max_unsent_bytes_per_peer: int = 100


ALICE = Caller("user", "alice")
HERE = "ipv4:10.0.0.1:1"
SAME = "ipv4:10.0.0.1:2"


async def fill(limits: Limits, who: Caller, criticality: str) -> int:
    count = 0
    while True:
        try:
            limits.enter(limits.peer(HERE), who, criticality, is_streaming=False)
        except Error:
            return count
        count += 1


async def the_last_tenth_is_for_critical_calls_of_known_callers(lines: list[str]) -> None:
    log.start("text", "info")
    limits = Limits(Caps())
    assert await fill(limits, ANONYMOUS, "critical_plus") == 68
    assert await fill(limits, ALICE, "sheddable") == 22
    assert await fill(limits, ALICE, "critical") == 10
    assert await fill(limits, ALICE, "critical") == 0
    told = [line for line in lines if "is reached" in line]
    assert (
        len(told) == 2 and "refused 10.0.0.1: the anonymous part of server.max_requests = 68 is reached (1 refused)" in told[0]
    )


async def a_slot_is_free_when_the_answer_is_made_and_a_share_when_it_is_sent() -> None:
    limits = Limits(Caps(max_requests=1, max_requests_per_connection=2, max_requests_per_peer=3))

    def enter(peer: str, who: Caller = ALICE) -> Any:
        return limits.enter(limits.peer(peer), who, "critical", is_streaming=False)

    first = enter(HERE)
    with pytest.raises(Error, match="too many requests at once"):
        enter(HERE)
    limits.answered(first)
    limits.answered(first)
    limits.answered(enter(HERE))
    assert limits.requests == 0 and limits.idle.is_set()
    with pytest.raises(Error, match=r"server\.max_requests_per_connection = 2 is reached"):
        enter(HERE)
    limits.answered(enter(SAME))
    with pytest.raises(Error, match=r"server\.max_requests_per_peer = 3 is reached"):
        enter("ipv6:%5B::ffff:10.0.0.1%5D:3")
    limits.sent(enter(HERE, Caller("service", "orders")))
    limits.sent(first)
    limits.sent(first)
    big = enter(HERE)
    limits.answered(big, 100)
    with pytest.raises(Error, match=r"server\.max_unsent_bytes_per_peer = 100 is reached") as refusal:
        enter(SAME)
    assert refusal.value.reason_name == "ERROR_REASON_OVERLOADED" and len(refusal.value.details) == 1
    limits.sent(big)
    limits.sent(enter(SAME))


async def a_network_of_ipv6_is_one_address_and_a_listed_proxy_has_no_share() -> None:
    limits = Limits(Caps(max_requests_per_connection=1), [ip_network("192.168.0.0/16")])
    assert limits.peer("ipv6:%5B2001:db8::1%5D:5") == replace_peer("ipv6:%5B2001:db8::1%5D:5", "2001:db8::/64")
    assert limits.peer("unix:/x") == Peer("unix:/x", "unix:/x", False)
    proxy = limits.peer("ipv4:192.168.3.4:5")
    assert proxy.is_trusted
    for _ in range(3):
        limits.enter(proxy, ALICE, "critical", is_streaming=False)


def replace_peer(connection: str, address: str) -> Peer:
    return replace(Peer("", "", False), connection=connection, address=address)


async def streams_of_callers_without_a_token_are_counted_by_where_they_are() -> None:
    limits = Limits(Caps())
    first = [limits.enter(limits.peer(HERE), ANONYMOUS, "critical", is_streaming=True) for _ in range(2)]
    with pytest.raises(Error, match="at most 2 streams"):
        limits.enter(limits.peer(SAME), ANONYMOUS, "critical", is_streaming=True)
    limits.enter(limits.peer("ipv4:10.0.0.2:1"), ANONYMOUS, "critical", is_streaming=True)
    limits.sent(first[0])
    limits.enter(limits.peer(SAME), ANONYMOUS, "critical", is_streaming=True)


async def watches_of_health_have_a_limit_of_their_own_and_take_no_slot_of_others(start: Start) -> None:
    echo = await start(server__max_requests=1)
    options = (("grpc.use_local_subchannel_pool", 1),)
    async with grpc.aio.insecure_channel(echo.running.address, options=options) as other:
        health = health_pb2_grpc.HealthStub(echo.channel)
        watches = []
        for _ in range(32):
            watches.append(health.Watch(health_pb2.HealthCheckRequest()))
            await watches[-1].read()
        refusal = await refused(health.Watch(health_pb2.HealthCheckRequest()))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "ERROR_REASON_TOO_MANY_STREAMS")
        await health_pb2_grpc.HealthStub(other).Watch(health_pb2.HealthCheckRequest()).read()
        assert (await echo.stub.Say(pb.SayRequest(name="hi"))).name == "hi"
        _, metrics = await echo.page("/metrics")
        assert 'souk_refused_total{cap="background_per_connection"}' in metrics
        for watch in watches:
            watch.cancel()


async def answers_that_nobody_reads_take_no_slots(start: Start) -> None:
    echo = await start(server__max_requests=4, server__max_requests_per_connection=20)
    hog = await Raw.open(echo, window=0)
    for stream in range(20):
        hog.call(2 * stream + 1, "/souk.echo.v1.EchoService/Say", framed(b"\x0a\x03you"))
        await hog.head(2 * stream + 1)
    assert (await echo.stub.Say(pb.SayRequest(name="hi"))).name == "hi"
    _, metrics = await echo.page("/metrics")
    assert "souk_requests_in_work 0.0" in metrics
    hog.call(41, "/souk.echo.v1.EchoService/Say", framed(b"\x0a\x03you"))
    await hog.head(41)
    _, metrics = await echo.page("/metrics")
    assert 'souk_refused_total{cap="requests_per_connection"}' in metrics
    hog.writer.close()


async def an_answer_that_nobody_reads_does_not_spoil_a_drain(start: Start) -> None:
    echo = await start(server__drain_seconds=1)
    hog = await Raw.open(echo, window=0)
    hog.call(1, "/souk.echo.v1.EchoService/Say", framed(b"\x0a\x03you"))
    await hog.head(1)
    await echo.stop_serving()
    hog.writer.close()


async def a_stream_whose_messages_are_not_taken_is_given_up(start: Start, lines: list[str]) -> None:
    echo = await start(server__send_seconds=1)
    hog = await Raw.open(echo, window=0)
    hog.call(1, "/souk.echo.v1.EchoService/Repeat", framed(b"\x0a\x04wait\x10\x01"), *caller("user:alice"))
    async with asyncio.timeout(10):
        while not any("CANCELLED" in line for line in lines):
            await asyncio.sleep(0.01)
    line = next(line for line in lines if "CANCELLED" in line)
    assert " INFO request souk.echo.v1.EchoService/Repeat " in line and "did not read the response in time" in line
    _, metrics = await echo.page("/metrics")
    assert "souk_requests_in_work 0.0" in metrics and 'souk_refused_total{cap="send_seconds"}' in metrics
    hog.writer.close()


async def what_says_nothing_is_closed_and_connections_are_bounded(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PREFACE_SECONDS", 0.3)
    echo = await start(server__max_connections=2)
    host, _, port = echo.running.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    async with asyncio.timeout(10):
        while await reader.read(1000):
            pass
    writer.close()
    first, second = await Raw.open(echo), await Raw.open(echo)
    third, writer = await asyncio.open_connection(host, int(port))
    async with asyncio.timeout(10):
        assert await third.read(1000) == b""
    for one in (first.writer, second.writer, writer):
        one.close()


def some_descriptors_are_left_for_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (1000, 1000))
    assert 800 < running.free_descriptors() < 936
    monkeypatch.setattr("resource.getrlimit", lambda _: (64, 64))
    assert running.free_descriptors() < 32


class Raw:
    """One connection of bare HTTP/2 (RFC 9113), with headers as literals (RFC 7541)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @staticmethod
    async def open(echo: Echo, window: int = 65_535) -> Raw:
        """Connects; `window` is how much of an answer may come unasked."""
        host, _, port = echo.running.address.rpartition(":")
        raw = Raw(*await asyncio.open_connection(host, int(port)))
        raw.writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, struct.pack(">HI", 4, window)))
        async with asyncio.timeout(10):
            assert (await raw.frame())[0] == 4
        return raw

    def call(self, stream: int, path: str, body: bytes, *metadata: tuple[str, str]) -> None:
        """Sends a request."""
        standard = {":method": "POST", ":scheme": "http", ":authority": "echo", ":path": path, "te": "trailers"}
        headers = [*standard.items(), ("content-type", "application/grpc"), *metadata]
        block = b"".join(b"\0" + text(name) + text(value) for name, value in headers)
        self.writer.write(frame(1, 4, stream, block) + frame(0, 1, stream, body))

    async def head(self, stream: int) -> None:
        """Waits for the head of an answer."""
        async with asyncio.timeout(10):
            while await self.frame() != (1, stream):
                pass

    async def frame(self) -> tuple[int, int]:
        """Reads a frame: its type and stream."""
        head = await self.reader.readexactly(9)
        await self.reader.readexactly(int.from_bytes(head[:3], "big"))
        return head[3], int.from_bytes(head[5:], "big")


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def framed(message: bytes) -> bytes:
    return struct.pack(">BI", 0, len(message)) + message


def text(value: str) -> bytes:
    return bytes(length(len(value.encode()))) + value.encode()


def length(number: int) -> Iterator[int]:
    if number < 127:
        yield number
        return
    yield 127
    number -= 127
    while number >= 128:
        yield number % 128 + 128
        number //= 128
    yield number
