"""Events in: each has its effect once and in order, whatever breaks. Events out: none is lost, and none is out of order."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from souk.echo.v1 import echo_pb2 as pb
from souk.echo.v1.events_pb2 import Happened
from souk.events.v1 import error_reason_pb2, event_pb2, subscription_pb2
from souk.events.v1 import events_service_pb2 as events_pb

from conftest import GENERATED, HERE
from echo import DEFAULT_CONFIG, Config, Echo
from souk_chassis import Definition, Delivery, Host, Migration, Poison, Service, Store, Tx, development_token, incoming, policy
from souk_chassis.caller import Caller
from souk_chassis.error import Error
from souk_chassis.incoming import Method
from souk_chassis.owner import owner_of
from souk_chassis.testing import Bus, caller
from souk_chassis.times import impossible_times

MIGRATIONS = [Migration(1, "seen", "CREATE TABLE seen (name TEXT NOT NULL, number INTEGER NOT NULL, attempt INTEGER NOT NULL)")]


@pytest.fixture
async def bus() -> AsyncIterator[Bus]:
    running = Bus()
    await running.start()
    yield running
    await running.stop()


class Consumer:
    """A service that records the events that it consumes."""

    def __init__(self, data_dir: Path, bus: Bus) -> None:
        self.data_dir = data_dir
        self.bus = bus
        self.fails: dict[str, int] = {}
        self.committed = 0
        self.entered, self.released = threading.Event(), threading.Event()
        self.echo: Echo

    async def start(self, **options: Any) -> None:
        async def assemble(config: Config, host: Host) -> Service:
            self.store = Store.open(host.data_dir / "consumer.sqlite3", MIGRATIONS)
            service = Service().store(self.store)
            return service.subscription(
                "seen", self.store, {Happened: self.happened}, start="earliest", committed=self.count, **options
            )

        what = Definition("consumer", DEFAULT_CONFIG, Config, assemble)
        settings = {"upstreams.events": f"http://{self.bus.address}", "identity.scopes": "events.subscribe"}
        self.echo = await Echo.start(what, self.data_dir, settings)

    def happened(self, tx: Tx, event: Happened, delivery: Delivery) -> None:
        tx.execute("INSERT INTO seen (name, number, attempt) VALUES (?, ?, ?)", (event.name, event.number, delivery.attempt))
        if event.name == "slow":
            self.entered.set()
            self.released.wait(10)
        if event.name == "poison":
            raise Poison("nobody can handle this")
        if self.fails.get(event.name, 0) > 0:
            self.fails[event.name] -= 1
            raise ValueError(f"not now: {event.name}")

    def count(self, events: int) -> None:
        self.committed += events

    async def seen(self) -> list[tuple[str, int]]:
        return await self.store.read(lambda reader: reader.execute("SELECT name, number FROM seen ORDER BY rowid").fetchall())


@pytest.fixture
async def consumer(tmp_path: Path, bus: Bus) -> AsyncIterator[Consumer]:
    made = Consumer(tmp_path, bus)
    yield made
    await made.echo.stop()


def happened(name: str, count: int = 1) -> list[Happened]:
    return [Happened(name=name, number=number) for number in range(count)]


async def each_event_has_its_effect_once_and_in_the_order_of_its_key(bus: Bus, consumer: Consumer) -> None:
    await bus.add(*happened("a", 50), key="a")
    await bus.add(*happened("b", 50), key="b")
    await bus.add(*happened("free", 200))
    await consumer.start()
    await bus.settled()
    seen = await consumer.seen()
    assert [one for one in seen if one[0] == "a"] == [("a", number) for number in range(50)]
    assert [one for one in seen if one[0] == "b"] == [("b", number) for number in range(50)]
    assert len(seen) == consumer.committed == 300
    start = bus.starts[0]
    assert (start.subscription_id, list(start.event_types)) == ("seen", ["souk.echo.v1.Happened"])
    assert start.start_position.boundary == subscription_pb2.LOG_BOUNDARY_EARLIEST and start.max_outstanding_events == 1000
    assert bus.callers == [f"Bearer {development_token(Caller('service', 'consumer'), ['events.subscribe'])}"]
    _, metrics = await consumer.echo.page("/metrics")
    handled = 'souk_events_handled_total{outcome="handled",subscription="seen",type="souk.echo.v1.Happened"} 300.0'
    assert handled in metrics and 'souk_events_lag_seconds{subscription="seen"}' in metrics


async def an_event_that_comes_twice_has_its_effect_once(bus: Bus, consumer: Consumer) -> None:
    await bus.add(*happened("a", 3), key="a", copies=2)
    await consumer.start()
    await bus.settled()
    assert await consumer.seen() == [("a", 0), ("a", 1), ("a", 2)]


async def an_acknowledgement_that_is_lost_changes_nothing(bus: Bus, consumer: Consumer) -> None:
    bus.drop_acks = 3
    await bus.add(*happened("a", 10), key="a")
    await consumer.start()
    await bus.settled()
    assert await consumer.seen() == [("a", number) for number in range(10)]
    assert max(entry.attempts for entry in bus.log) > 1 and len(bus.starts) >= 4


async def what_fails_is_undone_delivered_again_and_holds_up_its_key_only(bus: Bus, consumer: Consumer) -> None:
    consumer.fails["first"] = 2
    failing = await bus.add(*happened("first"), *happened("second"), key="k")
    await bus.add(*happened("other"), key="o")
    await consumer.start()
    await bus.settled()
    assert [name for name, _ in await consumer.seen() if name != "other"] == ["first", "second"]
    assert failing[0].attempts == 3 and failing[0].reason == "ValueError: not now: first"
    assert len(await consumer.seen()) == 3


async def poison_becomes_a_dead_letter_at_once_with_its_reason(bus: Bus, consumer: Consumer) -> None:
    poison = (await bus.add(*happened("poison"), key="k"))[0]
    garbled = (await bus.add(*happened("garbled"), key="g"))[0]
    garbled.event.data = b"\xff\xff"
    await bus.add(*happened("after"), key="k")
    await consumer.start()
    await bus.settled()
    assert (poison.state, poison.attempts, poison.reason) == ("dead", 1, "nobody can handle this")
    assert garbled.state == "dead" and garbled.reason.startswith("the payload is not a valid souk.echo.v1.Happened: ")
    assert await consumer.seen() == [("after", 0)]


async def types_that_the_subscription_lacks_are_added(bus: Bus, consumer: Consumer) -> None:
    bus.types = ["souk.echo.v1.Forgotten"]
    await bus.add(*happened("a", 3), key="a")
    await consumer.start(ignored=["souk.echo.v1.Forgotten"])
    await bus.settled()
    assert bus.types == ["souk.echo.v1.Forgotten", "souk.echo.v1.Happened"]
    assert await consumer.seen() == [("a", 0), ("a", 1), ("a", 2)]


@pytest.mark.parametrize("types", [["souk.echo.v1.Happened", "souk.echo.v1.Other"], []])
async def types_that_another_version_may_need_are_not_taken_away(
    bus: Bus, consumer: Consumer, lines: list[str], types: list[str]
) -> None:
    bus.types = types
    await bus.add(*happened("a"))
    await consumer.start()
    async with asyncio.timeout(10):
        while len(bus.starts) < 3:
            await asyncio.sleep(0.01)
    assert bus.types == types and await consumer.seen() == []
    assert sum("which this version does not handle" in line for line in lines) == 1
    # Somebody decides.
    bus.types = ["souk.echo.v1.Happened"]
    await bus.settled()
    assert await consumer.seen() == [("a", 0)]


async def a_subscription_keeps_its_most_attempts(bus: Bus, consumer: Consumer) -> None:
    bus.types, bus.max_attempts = ["souk.echo.v1.Happened"], 7
    await bus.add(*happened("a"))
    await consumer.start(max_attempts=3)
    await bus.settled()
    assert [start.max_attempts for start in bus.starts] == [3, 0] and bus.max_attempts == 7


async def a_time_that_no_calendar_has_holds_nothing_up(bus: Bus, consumer: Consumer) -> None:
    odd = (await bus.add(*happened("odd"), *happened("after"), key="k"))[0]
    odd.event.time.seconds = 1 << 60
    await consumer.start()
    await bus.settled()
    assert odd.state == "dead" and "years 1 to 9999" in odd.reason
    assert await consumer.seen() == [("after", 0)]


async def an_event_that_does_not_come_from_the_owner_of_its_type_is_dropped(
    bus: Bus, consumer: Consumer, lines: list[str]
) -> None:
    forged = []
    for source in ("/services/recommendations", "/staff/echo", "/services/echo/", "echo", ""):
        entry = (await bus.add(*happened("forged")))[0]
        entry.event.source = source
        forged.append(entry)
    await bus.add(*happened("true"))
    await consumer.start()
    await bus.settled()
    assert {entry.state for entry in forged} == {"done"} and await consumer.seen() == [("true", 0)]
    _, metrics = await consumer.echo.page("/metrics")
    assert 'souk_events_foreign_total{subscription="seen",type="souk.echo.v1.Happened"} 5.0' in metrics
    assert sum("does not own this type" in line for line in lines) == 1


def a_type_belongs_to_the_service_of_its_package() -> None:
    for kind, owner in (
        ("souk.orders.v1.OrderPlaced", "orders"),
        ("acme.gift_cards.v2beta1.Issued", "gift-cards"),
        ("com.example.Happened", "example"),
        ("souk.orders.v1.mail.v1.OrderPlaced", "mail"),
        ("v1.Happened", None),
        ("Happened", None),
    ):
        assert owner_of(kind) == owner, kind


def a_time_in_a_message_is_looked_at_wherever_it_stands() -> None:
    publish = events_pb.PublishEventsRequest(events=[event_pb2.Event(), event_pb2.Event(), event_pb2.Event()])
    publish.events[1].time.seconds = publish.events[2].time.seconds = 1 << 60
    assert [path for path, _ in impossible_times(publish, 16)] == ["events[1].time", "events[2].time"]
    assert len(impossible_times(publish, 1)) == 1
    served: Any = events_pb.DESCRIPTOR.services_by_name["EventService"].methods_by_name["PublishEvents"]
    method = Method(policy.of(served), grpc.unary_unary_rpc_method_handler(print), "souk.events", False, 1000, None)
    with pytest.raises(Error, match=r"^field events\[1\]\.time must lie in the years 1 to 9999.*\(and 1 more\)$") as refusal:
        incoming._read(method, events_pb.PublishEventsRequest.FromString, publish.SerializeToString())
    assert (refusal.value.reason_name, refusal.value.domain) == ("ERROR_REASON_INVALID_FIELD", "souk.events")
    start = events_pb.SubscribeStart()
    for seconds, nanos in ((315_576_000_001, 0), (1, -1), (0, 1_000_000_000)):
        start.ack_deadline.seconds, start.ack_deadline.nanos = seconds, nanos
        assert [path for path, _ in impossible_times(start, 16)] == ["ack_deadline"]
    start.ack_deadline.seconds, start.ack_deadline.nanos = -315_576_000_000, -999_999_999
    assert not impossible_times(start, 16)
    last = event_pb2.Event()
    last.time.seconds, last.time.nanos = 253_402_300_799, 999_999_999
    assert not impossible_times(last, 16)


async def what_never_succeeds_is_refused_until_the_bus_gives_it_up(bus: Bus, consumer: Consumer) -> None:
    consumer.fails["never"] = 99
    never = (await bus.add(*happened("never"), *happened("next"), key="k"))[0]
    await consumer.start(max_attempts=3)
    await bus.settled()
    assert (never.state, never.attempts) == ("dead", 3)
    assert await consumer.seen() == [("next", 0)]


async def no_event_of_a_key_is_handled_after_one_that_failed(bus: Bus, consumer: Consumer) -> None:
    consumer.fails["a"] = 1
    await consumer.start()
    subscription = consumer.echo.running._service.subscriptions[0]
    deliveries = []
    for number, name in enumerate(("a", "b")):
        event = event_pb2.Event(id=str(number), source="/services/echo", type="souk.echo.v1.Happened", ordering_key="k")
        event.data = Happened(name=name).SerializeToString()
        deliveries.append(events_pb.EventDelivery(event=event, ack_id=str(number), delivery_attempt=1))
    outcomes = await consumer.store.write(lambda tx: subscription._apply(tx, deliveries))
    assert [outcome and outcome.reason for outcome in outcomes] == [
        "ValueError: not now: a",
        "an earlier event with the same key failed",
    ]
    assert await consumer.seen() == []


async def a_bus_that_is_away_costs_only_freshness(bus: Bus, consumer: Consumer, lines: list[str]) -> None:
    await bus.stop()
    await consumer.start()
    assert (await consumer.echo.page("/readyz"))[0] == 200
    await bus.add(*happened("a", 3), key="a")
    await bus.start()
    await bus.settled()
    await bus.stop()
    await bus.add(*happened("b", 3), key="a")
    await bus.start()
    await bus.settled()
    assert len(await consumer.seen()) == 6
    # Said once when it goes, not with every try.
    waits = [line for line in lines if "subscription seen waits for the event bus" in line]
    assert 1 <= len(waits) <= 3


async def a_drain_finishes_the_batch_and_a_start_goes_on_with_the_rest(bus: Bus, consumer: Consumer) -> None:
    await bus.add(*happened("a", 300), key="a")
    await consumer.start(max_outstanding=5)
    while not await consumer.seen():
        await asyncio.sleep(0.005)
    await consumer.echo.stop()
    await consumer.start()
    await bus.settled()
    assert await consumer.seen() == [("a", number) for number in range(300)]


async def a_drain_that_begins_while_events_wait_to_be_handled_ends_in_time(bus: Bus, consumer: Consumer) -> None:
    await bus.add(*happened("slow"))
    await consumer.start()
    while not consumer.entered.is_set():
        await asyncio.sleep(0.005)
    waiting = await bus.add(*happened("a", 5))
    while any(entry.state == "waiting" for entry in waiting):
        await asyncio.sleep(0.005)
    stopping = asyncio.create_task(consumer.echo.stop())
    while not consumer.echo.running.drain_signal.is_draining:
        await asyncio.sleep(0.005)
    consumer.released.set()
    # It raises when something did not end in time.
    await stopping
    await consumer.start()
    await bus.settled()
    assert sorted(await consumer.seen()) == [("a", number) for number in range(5)] + [("slow", 0)]


KILLED = """
import asyncio, os, sys
import souk
souk.__path__.append(sys.argv[3] + "/souk")
from pathlib import Path
from echo import DEFAULT_CONFIG, Config, Echo, Happened
from events_test import MIGRATIONS
from souk_chassis import Definition, Service, Store

def happened(tx, event, delivery):
    tx.execute("INSERT INTO seen (name, number, attempt) VALUES (?, ?, ?)", (event.name, event.number, delivery.attempt))

async def build(config, host):
    store = Store.open(host.data_dir / "consumer.sqlite3", MIGRATIONS)
    # Between the commit and the acknowledgement.
    release = store._writer._release
    def killed(group, publishes):
        if any(isinstance(write.result, list) and write.result for write in group):
            os._exit(9)
        release(group, publishes)
    store._writer._release = killed
    return Service().store(store).subscription("seen", store, {Happened: happened}, start="earliest")

async def main():
    what = Definition("consumer", DEFAULT_CONFIG, Config, build)
    await Echo.start(what, Path(sys.argv[1]), {"upstreams.events": sys.argv[2]})
    await asyncio.sleep(30)

asyncio.run(main())
"""


async def a_kill_between_effect_and_acknowledgement_does_not_double_the_effect(bus: Bus, consumer: Consumer) -> None:
    entries = await bus.add(*happened("a", 5), key="a")
    paths = os.pathsep.join([str(HERE), str(HERE.parent / "src"), *filter(None, sys.path)])
    for _ in range(2):
        command = [sys.executable, "-c", KILLED, str(consumer.data_dir), f"http://{bus.address}", GENERATED.name]
        killed = await asyncio.create_subprocess_exec(*command, env={**os.environ, "PYTHONPATH": paths}, stderr=subprocess.PIPE)
        _, err = await asyncio.wait_for(killed.communicate(), 20)
        assert killed.returncode == 9, err.decode()
    assert entries[0].state != "done"
    await consumer.start()
    await bus.settled()
    assert await consumer.seen() == [("a", number) for number in range(5)]
    assert entries[0].attempts >= 2


async def an_event_is_published_after_its_commit_and_never_without(bus: Bus, start: Callable[..., Any]) -> None:
    echo = await start(upstreams__events=f"http://{bus.address}")
    for number in range(20):
        await echo.stub.Save(pb.SaveRequest(request_id=str(number), name="a"), metadata=caller("user:alice"))
    failing = echo.stub.Save(pb.SaveRequest(request_id="f", name="nobody"), metadata=caller("user:alice"))
    assert (await failing.code()).name == "NOT_FOUND"
    while len(bus.log) < 20:
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)
    assert [Happened.FromString(entry.event.data).number for entry in bus.log] == list(range(20))
    event = bus.log[0].event
    assert (event.source, event.type, event.ordering_key) == ("/services/echo", "souk.echo.v1.Happened", "a")
    assert event.id.startswith("event_") and event.extensions["traceparent"].startswith("00-")
    store = echo.running._service.stores[0]
    while await store.read(lambda reader: reader.execute("SELECT count(*) FROM souk_outbox").fetchone()) != (0,):
        await asyncio.sleep(0.005)


async def events_wait_for_a_bus_that_is_away_and_keep_their_order(bus: Bus, start: Callable[..., Any]) -> None:
    echo = await start(upstreams__events=f"http://{bus.address}")
    await bus.stop()
    for number in range(5):
        await echo.stub.Save(pb.SaveRequest(request_id=str(number), name="a"), metadata=caller("user:alice"))

    def refuse(event: event_pb2.Event) -> events_pb.PublishFailure | None:
        if event.data and Happened.FromString(event.data).number == 3:
            reason = error_reason_pb2.ERROR_REASON_EVENT_TOO_LARGE
            return events_pb.PublishFailure(reason=reason, message="too large", retryable=False)
        return None

    bus.refuse = refuse
    await bus.start()
    while len(bus.log) < 4:
        await asyncio.sleep(0.005)
    assert [Happened.FromString(entry.event.data).number for entry in bus.log] == [0, 1, 2, 4]
    # What the bus never takes is set aside, with the reason.
    store = echo.running._service.stores[0]
    while await store.read(lambda reader: reader.execute("SELECT refused FROM souk_outbox").fetchall()) != [("too large",)]:
        await asyncio.sleep(0.005)


async def an_event_for_which_the_bus_refuses_the_whole_request_is_set_aside_alone(bus: Bus, start: Callable[..., Any]) -> None:
    echo = await start(upstreams__events=f"http://{bus.address}")
    await bus.stop()
    for name in ("a", "b", "c"):
        await echo.stub.Save(pb.SaveRequest(request_id=name, name=name), metadata=caller("user:alice"))
    bus.invalid = "b"
    await bus.start()
    assert [event.ordering_key for event in await bus.told(2)] == ["a", "c"]
    store = echo.running._service.stores[0]
    waiting = "SELECT subject, refused FROM souk_outbox"
    refused = ("b", "field events[0].time is not a time")
    async with asyncio.timeout(10):
        while await store.read(lambda reader: reader.execute(waiting).fetchall()) != [refused]:
            await asyncio.sleep(0.005)
