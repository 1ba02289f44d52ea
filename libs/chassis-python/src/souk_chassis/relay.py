"""The relay: publishes what waits in the outbox and deletes what the bus has. Woken by each commit that adds an event.

**Invariant:** an event is deleted only after the bus has it, and events of one key are published in the order of the outbox. A
crash between the two publishes some events again; consumers know them by their id.

An event that breaks a rule of the contract makes the bus refuse the whole request that holds it. Then events go one at a time
for a while: the one that is refused alone is set aside with the reason, and the others go on.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import grpc
from souk.events.v1 import event_pb2
from souk.events.v1 import events_service_pb2 as pb
from souk.events.v1.events_service_pb2_grpc import EventServiceStub
from souk_client import SoukError

from souk_chassis import red
from souk_chassis.backoff import Backoff
from souk_chassis.channel import Channel
from souk_chassis.drain import Drain
from souk_chassis.store import Store

EVENTS_AT_ONCE = 500
BYTES_AT_ONCE = 4 << 20
PUBLISH_SECONDS = 5.0
SWEEP_SECONDS = 1.0
# What the bus says of a request that it will never take as it is.
_NEVER = ("ERROR_REASON_INVALID_FIELD", "ERROR_REASON_MESSAGE_TOO_LARGE")
_LOG = logging.getLogger("souk_chassis.relay")
_WAITING = (
    "SELECT seq, event_id, kind, subject, payload, traceparent, created_time FROM souk_outbox"
    " WHERE refused IS NULL ORDER BY seq LIMIT ?"
)


class Relay:
    """Empties the outbox of one store into the bus."""

    def __init__(self, service: str, store: Store, channel: Channel) -> None:
        self._service = service
        self._store = store
        self._bus = EventServiceStub(channel)
        self._singly = 0
        """How many of the next events go one at a time."""

    async def run(self, drain: Drain) -> None:
        """Publishes until the drain. While the bus cannot be reached events wait, and nothing else waits for them."""
        backoff = Backoff()
        while not drain.is_draining:
            self._store.published.clear()
            why = await self._round()
            if why is None:
                backoff.reset()
                await self._woken(drain)
            elif why:
                if not backoff.failures:
                    _LOG.warning("events of %s wait for the event bus: %s", self._service, why)
                await drain.pause(backoff.next())

    async def _woken(self, drain: Drain) -> None:
        tasks = [asyncio.create_task(self._store.published.wait()), asyncio.create_task(drain.started())]
        await asyncio.wait(tasks, timeout=SWEEP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()

    async def _round(self) -> str | None:
        """Publishes once. Returns none when nothing waited, an empty text after progress, else why there was none."""
        most = 1 if self._singly else EVENTS_AT_ONCE
        rows = await self._store.read(lambda reader: reader.execute(_WAITING, (most,)).fetchall())
        if not rows:
            self._singly = 0
            return None
        batch: list[Any] = []
        size = 0
        for row in rows:
            size += len(row[4])
            if batch and size > BYTES_AT_ONCE:
                break
            batch.append(row)
        request = pb.PublishEventsRequest(events=[_envelope(self._service, row) for row in batch])
        try:
            response = await self._bus.PublishEvents(request, timeout=PUBLISH_SECONDS)
        except grpc.aio.AioRpcError as error:
            if SoukError.of(error).reason not in _NEVER:
                return f"{error.code().name}: {error.details()}"
            if len(batch) > 1:
                self._singly = EVENTS_AT_ONCE
                return ""
            failure = pb.PublishFailure(message=error.details() or "")
            return await self._settle(batch, [pb.PublishResult(failure=failure)])
        self._singly = max(0, self._singly - 1)
        return await self._settle(batch, response.results)

    async def _settle(self, batch: list[Any], results: Any) -> str:
        """Deletes what the bus has, and sets aside what it will never take."""
        published: list[tuple[int]] = []
        refused: list[tuple[str, int]] = []
        later = "the event bus returned no result"
        for row, result in zip(batch, results, strict=False):
            if result.HasField("position"):
                published.append((row[0],))
            elif not result.failure.retryable and result.HasField("failure"):
                _LOG.error("the event bus rejects %s %s permanently: %s", row[2], row[1], result.failure.message)
                refused.append((result.failure.message, row[0]))
            else:
                later = result.failure.message or later
        if not published and not refused:
            return later

        def settle(tx: Any) -> None:
            tx.executemany("DELETE FROM souk_outbox WHERE seq = ?", published)
            tx.executemany("UPDATE souk_outbox SET refused = ? WHERE seq = ?", refused)

        await self._store.write(settle)
        red.OUTBOX_PUBLISHED.labels(self._service).inc(len(published))
        red.OUTBOX_REFUSED.labels(self._service).inc(len(refused))
        return ""


def _envelope(service: str, row: Any) -> event_pb2.Event:
    _seq, event_id, kind, subject, payload, traceparent, created_time = row
    event = event_pb2.Event(
        id=event_id, source=f"/services/{service}", type=kind, subject=subject, data=payload, ordering_key=subject
    )
    event.time.FromMicroseconds(created_time)
    if traceparent:
        event.extensions["traceparent"] = traceparent
    return event
