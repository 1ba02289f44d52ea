"""Short ways to call the service."""

from __future__ import annotations

from typing import Any

import grpc
import souk_chassis
from souk.{{package}}.v1 import {{package}}_service_pb2 as pb
from souk.{{package}}.v1.{{package}}_service_pb2_grpc import {{Name}}ServiceStub
from souk_chassis.testing import Bus, caller, findings, stop


class Running:
    """The service, and the event bus that it publishes to."""

    def __init__(self, running: souk_chassis.Running, bus: Bus) -> None:
        self.bus = bus
        self._running: souk_chassis.Running | None = running
        self._channel = grpc.aio.insecure_channel(running.address)
        self.stub: Any = {{Name}}ServiceStub(self._channel)

    async def record(self, request_id: str, text: str, who: str = "user:alice", customer: str = "") -> pb.RecordEntryResponse:
        request = pb.RecordEntryRequest(request_id=request_id, text=text, customer_id=customer)
        answer: pb.RecordEntryResponse = await self.ask("RecordEntry", request, who)
        return answer

    async def recent(self, who: str = "user:alice", max_entries: int = 0) -> list[str]:
        answer = await self.ask("ListRecentEntries", pb.ListRecentEntriesRequest(max_entries=max_entries), who)
        return [entry.text for entry in answer.entries]

    def ask(self, method: str, request: Any, who: str) -> Any:
        return getattr(self.stub, method)(request, metadata=caller(who), timeout=10)

    async def stop(self) -> None:
        if self._running is not None:
            assert await findings(self._running) == []
            await self._channel.close()
            await stop(self._running)
            self._running = None
