"""A consumer: reads a subscription continuously and handles each event once, in one write with its entry in the inbox.

**Invariant:** an event is acknowledged only after the write of its effect is committed. The bus has at most one event of a key
with us at a time; should it send more, none is handled after one of its key that failed.

**Invariant:** an event reaches a handler only if it says that it comes from the owner of its type. The bus refuses others when
they are published; an older log, or a topic that others write to, may hold some.

**Invariant:** a subscription only ever gets more types from its consumers. While a service is being deployed two versions of it
run, and a type that one took away from the other would be skipped for good. A version that handles fewer types waits until
someone decides.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import grpc
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp
from souk.events.v1 import error_reason_pb2, event_pb2, subscription_pb2
from souk.events.v1 import events_service_pb2 as pb
from souk.events.v1.events_service_pb2_grpc import EventServiceStub
from souk_client import SoukError

from souk_chassis import red
from souk_chassis.backoff import Backoff
from souk_chassis.channel import Channel
from souk_chassis.drain import Drain
from souk_chassis.error import Error
from souk_chassis.owner import is_from_owner
from souk_chassis.store import Store
from souk_chassis.times import impossible_times
from souk_chassis.tx import Tx

AT_ONCE = 500
BATCH_SECONDS = 0.5
UPDATE_SECONDS = 5.0
AGAIN_SECONDS = 0.05
DIFFERS = error_reason_pb2.ErrorReason.Name(error_reason_pb2.ERROR_REASON_SUBSCRIPTION_DIFFERS)
FOREIGN_LOG_SECONDS = 60.0
"""How often dropped events of one type are logged."""
_LOG = logging.getLogger("souk_chassis.events")


class Poison(Exception):
    """Raised by a handler for an event that can never be handled: it becomes a dead letter at once. The text is kept there."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The metadata of an event for its handler."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    ordering_key: str
    attempt: int
    publish_time: datetime
    extensions: Mapping[str, str]


Handler = Callable[[Tx, Any, Delivery], None]


@dataclass(frozen=True, slots=True)
class _Failure:
    reason: str
    is_final: bool


@dataclass(eq=False)
class Subscription:
    """A lasting subscription and what is done with its events; see `Service.subscription`."""

    name: str
    store: Store
    handlers: Mapping[type[Message], Handler]
    start: Literal["earliest", "latest"] = "latest"
    max_outstanding: int = 1000
    ack_deadline_seconds: int | None = None
    max_attempts: int | None = None
    committed: Callable[[int], None] | None = None
    ignored: Sequence[str] = ()
    by_type: dict[str, tuple[type[Message], Handler]] = field(init=False)
    _foreign_logged: dict[str, float] = field(default_factory=dict, init=False)
    _keeps_attempts: bool = field(default=False, init=False)
    """Whether the subscription has another `max_attempts` than ours, and keeps it."""

    def __post_init__(self) -> None:
        self.by_type = {kind.DESCRIPTOR.full_name: (kind, handler) for kind, handler in self.handlers.items()}

    async def run(self, channel: Channel, drain: Drain) -> None:
        """Reads and handles until the drain. A bus that is away is waited for."""
        backoff = Backoff()
        while not drain.is_draining:
            try:
                await self._read(channel, drain, backoff)
            except grpc.aio.AioRpcError as error:
                why = f"{error.code().name}: {error.details()}"
                refusal = SoukError.of(error)
                if refusal.reason == DIFFERS:
                    why = await self._reconcile(channel, refusal.metadata.get("differs", "").split(","))
                    if not why:
                        await drain.pause(AGAIN_SECONDS)
                        continue
            except asyncio.IncompleteReadError:
                why = "it ended the stream"
            else:
                return
            if not backoff.failures:
                _LOG.warning("subscription %s waits for the event bus: %s", self.name, why)
            await drain.pause(backoff.next())

    async def _reconcile(self, channel: Channel, differs: Sequence[str]) -> str:
        """Makes the subscription and this version fit, taking no type away. Returns why they do not; empty when they do."""
        if "max_attempts" in differs:
            self._keeps_attempts = True
            _LOG.warning("subscription %s keeps its max_attempts; change them with UpdateSubscription", self.name)
        if "event_types" not in differs:
            return ""
        bus: Any = EventServiceStub(channel)
        try:
            request = pb.GetSubscriptionRequest(subscription_id=self.name)
            found = (await bus.GetSubscription(request, timeout=UPDATE_SECONDS)).subscription
            wanted = self._event_types()
            others = [kind for kind in found.event_types if kind not in wanted]
            if others or not found.event_types:
                return (
                    f"it also delivers {', '.join(others) or 'every type'}, which this version does not handle; "
                    "handle or ignore them, or change the subscription's event_types"
                )
            change = pb.UpdateSubscriptionRequest(
                subscription=subscription_pb2.Subscription(subscription_id=self.name, event_types=wanted, etag=found.etag)
            )
            change.update_mask.paths.append("event_types")
            await bus.UpdateSubscription(change, timeout=UPDATE_SECONDS)
        except grpc.aio.AioRpcError as error:
            return f"{error.code().name}: {error.details()}"
        _LOG.info("subscription %s has new event types", self.name)
        return ""

    def _event_types(self) -> list[str]:
        return sorted({*self.by_type, *self.ignored})

    async def _read(self, channel: Channel, drain: Drain, backoff: Backoff) -> None:
        """Reads one stream to its end. Returns at the drain only."""
        call: Any = EventServiceStub(channel).Subscribe()
        arrived: asyncio.Queue[pb.EventDelivery | None] = asyncio.Queue()
        await call.write(pb.SubscribeRequest(start=self._start()))

        async def receive() -> None:
            try:
                while (message := await call.read()) is not grpc.aio.EOF:
                    if backoff.failures:
                        _LOG.info("subscription %s is connected again", self.name)
                    backoff.reset()
                    for delivery in message.deliveries:
                        arrived.put_nowait(delivery)
            finally:
                arrived.put_nowait(None)

        receiving = asyncio.create_task(receive())
        stopping = asyncio.create_task(drain.started())
        stopping.add_done_callback(lambda _: arrived.put_nowait(None))
        try:
            while (first := await arrived.get()) is not None:
                batch = [first]
                while len(batch) < AT_ONCE and not arrived.empty():
                    if (delivery := arrived.get_nowait()) is None:
                        arrived.put_nowait(None)  # The end is looked for above.
                        break
                    batch.append(delivery)
                while batch and not drain.is_draining:
                    batch = await self._handle(call, batch)
            if drain.is_draining:
                # Acknowledgements that were written arrive before the end of the stream does.
                await call.done_writing()
                return
            await receiving
            raise asyncio.IncompleteReadError(b"", None)
        finally:
            stopping.cancel()
            receiving.cancel()
            call.cancel()

    async def _handle(self, call: Any, batch: list[pb.EventDelivery]) -> list[pb.EventDelivery]:
        """Handles deliveries in one write, acknowledges them, and returns those for which there was no time."""
        try:
            outcomes = await self.store.write(lambda tx: self._apply(tx, batch))
        except Error as error:
            outcomes = [_Failure(str(error), False)] * len(batch)
            await asyncio.sleep(0.1)  # Whatever the store has, it has for the next event too.
        update = pb.SubscribeUpdate()
        handled = 0
        for delivery, outcome in zip(batch, outcomes, strict=False):
            event = delivery.event
            if outcome is None:
                handled += 1
                update.ack_ids.append(delivery.ack_id)
            else:
                update.nacks.add(ack_id=delivery.ack_id, reason=outcome.reason, permanent=outcome.is_final)
                _LOG.warning(
                    "subscription %s could not handle %s %s: %s", self.name, event.type, event.id, outcome.reason,
                    extra={"event.id": event.id},
                )  # fmt: skip
            label = "handled" if outcome is None else "failed"
            red.EVENTS_HANDLED.labels(self.name, event.type, label).inc()
        if outcomes and (published := batch[len(outcomes) - 1].publish_time.seconds):
            red.EVENTS_LAG.labels(self.name).set(max(0.0, time.time() - published))
        await call.write(pb.SubscribeRequest(update=update))
        if handled and self.committed is not None:
            self.committed(handled)
        return batch[len(outcomes) :]

    def _apply(self, tx: Tx, batch: Sequence[pb.EventDelivery]) -> list[_Failure | None]:
        """Runs the handlers, each in a savepoint, and stops early rather than hold up other writes; on the writer's thread."""
        until = time.monotonic() + BATCH_SECONDS
        outcomes: list[_Failure | None] = []
        failed: set[str] = set()
        for delivery in batch:
            if outcomes and time.monotonic() > until:
                break
            key = delivery.event.ordering_key
            if key and key in failed:
                outcomes.append(_Failure("an earlier event with the same key failed", False))
                continue
            tx.execute("SAVEPOINT event")
            outcome = self._apply_one(tx, delivery)
            if outcome is not None:
                tx.execute("ROLLBACK TO event")
                failed.add(key)
            tx.execute("RELEASE event")
            outcomes.append(outcome)
        return outcomes

    def _apply_one(self, tx: Tx, delivery: pb.EventDelivery) -> _Failure | None:
        event = delivery.event
        known = self.by_type.get(event.type)
        if known is None:
            return None  # One that is ignored.
        if not is_from_owner(event.source, event.type):
            self._drop_foreign(event)
            return None
        kind, handler = known
        try:
            message = kind.FromString(event.data)
        except DecodeError as error:
            return _Failure(f"the payload is not a valid {event.type}: {error}", True)
        for _, rule in impossible_times(event.time, 1):
            return _Failure(f"its time is invalid: it {rule}", True)
        for path, rule in impossible_times(message, 1):
            return _Failure(f"the payload cannot be read: {path} {rule}", True)
        try:
            if tx.is_first(self.name, event.source, event.id):
                handler(tx, message, _described(delivery))
        except Exception as error:
            if isinstance(error, Poison | Error):
                return _Failure(_reason(str(error)), isinstance(error, Poison))
            _LOG.error("the handler of %s failed", event.type, exc_info=error, extra={"event.id": event.id})
            return _Failure(_reason(f"{type(error).__name__}: {error}"), False)
        return None

    def _drop_foreign(self, event: event_pb2.Event) -> None:
        """Counts an event that is not from the owner of its type, and logs it at most once a minute for each type."""
        red.EVENTS_FOREIGN.labels(self.name, event.type).inc()
        now = time.monotonic()
        if now - self._foreign_logged.get(event.type, -FOREIGN_LOG_SECONDS) < FOREIGN_LOG_SECONDS:
            return
        self._foreign_logged[event.type] = now
        _LOG.warning(
            "subscription %s drops %s %s: %s does not own this type", self.name, event.type, event.id, event.source,
            extra={"event.id": event.id},
        )  # fmt: skip

    def _start(self) -> pb.SubscribeStart:
        earliest, latest = subscription_pb2.LOG_BOUNDARY_EARLIEST, subscription_pb2.LOG_BOUNDARY_LATEST
        position = subscription_pb2.StartPosition(boundary=earliest if self.start == "earliest" else latest)
        start = pb.SubscribeStart(
            subscription_id=self.name,
            event_types=self._event_types(),
            start_position=position,
            max_outstanding_events=self.max_outstanding,
            max_attempts=0 if self._keeps_attempts else self.max_attempts or 0,
        )
        if self.ack_deadline_seconds is not None:
            start.ack_deadline.FromSeconds(self.ack_deadline_seconds)
        return start


def _described(delivery: pb.EventDelivery) -> Delivery:
    event = delivery.event
    return Delivery(
        id=event.id, source=event.source, type=event.type, subject=event.subject,
        time=_moment(event.time), ordering_key=event.ordering_key, attempt=delivery.delivery_attempt,
        publish_time=_moment(delivery.publish_time), extensions=dict(event.extensions),
    )  # fmt: skip


def _moment(told: Timestamp) -> datetime:
    """Returns a time as Python has it; what no calendar has becomes the start of 1970, since others may send anything."""
    try:
        return told.ToDatetime(UTC)
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(0, UTC)


def _reason(text: str) -> str:
    return text.replace("\0", "")[:1000]
