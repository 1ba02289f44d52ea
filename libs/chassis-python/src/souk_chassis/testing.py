"""What tests of a service need: the service on ports of its own, callers, refusals, and a bus in memory.

Nothing here is for a running service.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from souk.events.v1 import event_pb2, subscription_pb2
from souk.events.v1 import events_service_pb2 as pb
from souk.events.v1.events_service_pb2_grpc import EventServiceServicer, add_EventServiceServicer_to_server
from souk.ops.v1.invariant_service_pb2 import CheckInvariantsRequest
from souk.ops.v1.invariant_service_pb2_grpc import InvariantServiceStub

from souk_chassis import red, running
from souk_chassis.caller import Caller
from souk_chassis.definition import Definition
from souk_chassis.error import DETAILS_HEADER, answer
from souk_chassis.events import DIFFERS
from souk_chassis.identity import development_token
from souk_chassis.owner import owner_of
from souk_chassis.policy import EVERY_SCOPE
from souk_chassis.refusal import InvalidRequest
from souk_chassis.running import Running


async def start(definition: Definition[Any], folder: Path, **settings: Any) -> Running:
    """Starts a service with its data in `folder`, on ports that the system chooses.

    `training__every_seconds=5` sets training.every_seconds; `await stop(running)` stops it.
    """
    own = {"server.listen": "127.0.0.1:0", "server.metrics_listen": "127.0.0.1:0", "data_dir": str(folder)}
    dotted = {key.replace("__", "."): value for key, value in settings.items()}
    return await running.start(definition, overrides={**own, **dotted})


async def stop(running: Running) -> None:
    """Drains a service.

    Raises AssertionError when a method failed with a reason that its contract does not list, or with facts that are not the
    reason's.
    """
    await running.drain()
    counters = (red.UNLISTED_REASONS, red.WRONG_FACTS)
    metrics = [metric for counter in counters for metric in counter.collect()]
    found = [f"{sample.name} {sample.labels}" for metric in metrics for sample in metric.samples]
    # What one test has found is not another's.
    for counter in counters:
        counter.clear()
    assert not found, f"list the reason and its facts in the contract, or do not fail with them: {found}"


def caller(who: str, *scopes: str) -> tuple[tuple[str, str], ...]:
    """Returns the metadata of a caller: `user:alice`, `service:orders`, `staff:ann`, or none for `anonymous`.

    Without `scopes` the token of a service or of staff has every scope, and a user's has none.
    """
    parsed = Caller.parse(who)
    every = (EVERY_SCOPE,) if parsed.kind in ("service", "staff") else ()
    token = development_token(parsed, scopes or every)
    return (("authorization", f"Bearer {token}"),) if token else ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a call was refused: `fields` are those that BadRequest names."""

    code: grpc.StatusCode
    message: str
    reason: str
    domain: str
    metadata: dict[str, str]
    fields: dict[str, str]


async def refused(call: Any) -> Refusal:
    """Waits for a call, of whatever kind, to be refused; raises AssertionError when it is answered."""
    try:
        if hasattr(call, "read"):
            while await call.read() is not grpc.aio.EOF:
                pass
        else:
            await call
    except grpc.aio.AioRpcError as error:
        headers: dict[str, Any] = dict(error.trailing_metadata() or ())
        assert DETAILS_HEADER in headers, f"{error} has no details"
        info, bad, status = ErrorInfo(), BadRequest(), Status.FromString(headers[DETAILS_HEADER])
        assert (status.code, status.message) == (error.code().value[0], error.details())
        for detail in status.details:
            detail.Unpack(info)
            detail.Unpack(bad)
        fields = {one.field: one.description for one in bad.field_violations}
        return Refusal(error.code(), error.details() or "", info.reason, info.domain, dict(info.metadata), fields)
    raise AssertionError("the call was not refused")


async def page(running: Running, path: str) -> tuple[int, str]:
    """Fetches /metrics, /healthz or /readyz; returns the status and the text."""
    host, _, port = running.metrics_address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return int(head.split(" ")[1]), body


async def findings(running: Running) -> list[str]:
    """Has a service check its invariants; returns those that do not hold."""
    async with grpc.aio.insecure_channel(running.address) as channel:
        check: Any = InvariantServiceStub(channel).CheckInvariants
        answer = await check(CheckInvariantsRequest(), metadata=caller("staff:ann"), timeout=10)
    return [finding.invariant for report in answer.reports for finding in report.findings]


@dataclass(eq=False)
class Entry:
    """An event in the log, and how far its one subscription is with it."""

    event: event_pb2.Event
    offset: int
    attempts: int = 0
    state: str = "waiting"
    reason: str = ""


# The stubs want every method of a servicer; a test's needs those that are called.
_Servicer: Any = EventServiceServicer


@dataclass(eq=False)
class Bus(_Servicer):  # type: ignore[misc]
    """One subscription, delivered at least once and in order per key."""

    log: list[Entry] = field(default_factory=list)
    starts: list[pb.SubscribeStart] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    drop_acks: int = 0
    """So many updates are lost, with their stream."""
    refuse: Callable[[event_pb2.Event], pb.PublishFailure | None] = lambda _: None
    types: list[str] | None = None
    """What the subscription delivers, if it exists already."""
    max_attempts: int = 10
    """After how many deliveries of the subscription an event is dead, if it exists already."""
    invalid: str = ""
    """An ordering key for whose events the whole request is refused."""
    address: str = "127.0.0.1:0"

    def __post_init__(self) -> None:
        self._changed = asyncio.Condition()
        self._server: Any = None

    async def start(self) -> None:
        """Serves, at the same address as the time before."""
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        add_EventServiceServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port(self.address)}"
        await self._server.start()

    async def stop(self) -> None:
        """Goes away, with everything that is open."""
        await self._server.stop(None)

    async def add(self, *messages: Message, key: str = "", copies: int = 1) -> list[Entry]:
        """Puts events into the log, each `copies` times with the same id."""
        added = []
        for message in messages:
            number = len(self.log)
            kind = message.DESCRIPTOR.full_name
            event = event_pb2.Event(
                id=f"event_{number}", source=f"/services/{owner_of(kind)}", type=kind, ordering_key=key,
                data=message.SerializeToString(),
            )  # fmt: skip
            event.time.GetCurrentTime()
            added += [Entry(event, number + copy) for copy in range(copies)]
            self.log += added[-copies:]
        async with self._changed:
            self._changed.notify_all()
        return added

    async def settled(self, timeout_seconds: float = 10) -> None:
        """Waits until every event is done or dead."""
        async with asyncio.timeout(timeout_seconds), self._changed:
            await self._changed.wait_for(lambda: all(entry.state in ("done", "dead") for entry in self.log))

    async def told(self, count: int, timeout_seconds: float = 10) -> list[event_pb2.Event]:
        """Waits until the log has `count` events, and returns them."""
        async with asyncio.timeout(timeout_seconds), self._changed:
            await self._changed.wait_for(lambda: len(self.log) >= count)
        return [entry.event for entry in self.log]

    async def PublishEvents(self, request: pb.PublishEventsRequest, context: Any) -> pb.PublishEventsResponse:
        """Takes events, but for those that `refuse` refuses."""
        response = pb.PublishEventsResponse()
        if self.invalid and any(event.ordering_key == self.invalid for event in request.events):
            refused = answer(InvalidRequest("souk.events", [("events[0].time", "is not a time")]), "")
            await context.abort(refused.code, refused.message, ((DETAILS_HEADER, refused.details),))
        for event in request.events:
            failure = self.refuse(event)
            if failure is not None:
                response.results.add(failure=failure)
                continue
            self.log.append(Entry(event, len(self.log)))
            response.results.add(position=event_pb2.Position(partition=0, offset=len(self.log)))
        async with self._changed:
            self._changed.notify_all()
        return response

    async def Subscribe(
        self, requests: AsyncIterator[pb.SubscribeRequest], context: Any
    ) -> AsyncIterator[pb.SubscribeResponse]:
        """Delivers what waits."""
        first = await anext(requests)
        self.starts.append(first.start)
        self.callers.append(dict(context.invocation_metadata())["authorization"])
        if (differs := self._differences(first.start)) != "":
            code, message = grpc.StatusCode.FAILED_PRECONDITION, "the subscription has other settings"
            metadata = {"subscription_id": first.start.subscription_id, "differs": differs}
            status = Status(code=code.value[0], message=message)
            status.details.add().Pack(ErrorInfo(reason=DIFFERS, domain="souk.events", metadata=metadata))
            await context.abort(code, message, ((DETAILS_HEADER, status.SerializeToString()),))
        mine: dict[str, Entry] = {}
        updating = asyncio.create_task(self._update(requests, mine, first.start, context))
        try:
            yield pb.SubscribeResponse(
                started=pb.SubscribeStarted(subscription=subscription_pb2.Subscription(subscription_id="x"))
            )
            while not updating.done():
                async with self._changed:
                    await self._changed.wait_for(lambda: updating.done() or self._next(mine, first.start))
                    response = pb.SubscribeResponse()
                    for entry in self._next(mine, first.start):
                        entry.state, entry.attempts = "out", entry.attempts + 1
                        ack_id = f"{entry.offset}-{entry.attempts}"
                        mine[ack_id] = entry
                        delivery = response.deliveries.add(event=entry.event, ack_id=ack_id, delivery_attempt=entry.attempts)
                        delivery.publish_time.GetCurrentTime()
                if response.deliveries:
                    yield response
            await updating
        finally:
            updating.cancel()
            for entry in mine.values():
                entry.state = "waiting" if entry.state == "out" else entry.state
            async with self._changed:
                self._changed.notify_all()

    def _differences(self, start: pb.SubscribeStart) -> str:
        """Returns the settings of a subscription that exists which a stream takes to be others."""
        if self.types is None:
            return ""
        names = ["event_types"] if sorted(start.event_types) != sorted(self.types) else []
        if start.max_attempts not in (0, self.max_attempts):
            names.append("max_attempts")
        return ",".join(names)

    async def GetSubscription(self, request: pb.GetSubscriptionRequest, _context: Any) -> pb.GetSubscriptionResponse:
        """Returns the types of the subscription."""
        found = subscription_pb2.Subscription(subscription_id=request.subscription_id, event_types=self.types, etag="1")
        return pb.GetSubscriptionResponse(subscription=found)

    async def UpdateSubscription(self, request: pb.UpdateSubscriptionRequest, _context: Any) -> pb.UpdateSubscriptionResponse:
        """Sets the types of the subscription."""
        self.types = list(request.subscription.event_types)
        return pb.UpdateSubscriptionResponse(subscription=request.subscription)

    def _next(self, mine: dict[str, Entry], start: pb.SubscribeStart) -> list[Entry]:
        """Returns what may be delivered: of each key only the first that is open."""
        room = (start.max_outstanding_events or 1000) - sum(entry.state == "out" for entry in mine.values())
        blocked: set[str] = set()
        found: list[Entry] = []
        for entry in self.log:
            key = entry.event.ordering_key
            if entry.state == "waiting" and key not in blocked and len(found) < room:
                found.append(entry)
            if key and entry.state in ("waiting", "out"):
                blocked.add(key)
        return found

    async def _update(self, requests: Any, mine: dict[str, Entry], start: pb.SubscribeStart, context: Any) -> None:
        async for request in requests:
            if self.drop_acks > 0:
                self.drop_acks -= 1
                async with self._changed:
                    self._changed.notify_all()
                break
            for ack_id in request.update.ack_ids:
                mine.pop(ack_id).state = "done"
            for nack in request.update.nacks:
                entry = mine.pop(nack.ack_id)
                is_dead = nack.permanent or entry.attempts >= (start.max_attempts or 10)
                entry.state, entry.reason = "dead" if is_dead else "waiting", nack.reason
            async with self._changed:
                self._changed.notify_all()
        async with self._changed:
            self._changed.notify_all()
