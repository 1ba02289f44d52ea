"""Which services can do their work: kept on a board, reported over grpc.health.v1 (Check, List, Watch) and /readyz."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from souk_chassis.drain import Drain
from souk_chassis.error import Error
from souk_chassis.refusal import Unimplemented

EVERY_SECONDS = 1.0
CHECK_TIMEOUT_SECONDS = 2.0
_LOG = logging.getLogger("souk_chassis.health")

Ready = Callable[[], Awaitable[object]]


class Board:
    """The status of every gRPC service of the process, by full name."""

    def __init__(self, names: list[str]) -> None:
        self._statuses = dict.fromkeys(names, False)
        self._changed = asyncio.Condition()
        self._is_stopped = False
        self.why = ""
        """Why they do not serve, if they said so."""

    async def set(self, is_serving: bool, why: str = "") -> None:
        """Says of all services whether they serve, unless the process stops."""
        self.why = why
        if not self._is_stopped and any(status != is_serving for status in self._statuses.values()):
            await self._say(is_serving)

    async def stop(self) -> None:
        """Says of everything that it does not serve, for good; the drain begins with it."""
        self._is_stopped = True
        await self._say(False)

    async def _say(self, is_serving: bool) -> None:
        async with self._changed:
            self._statuses = dict.fromkeys(self._statuses, is_serving)
            self._changed.notify_all()

    def is_ready(self) -> bool:
        """Returns whether every service serves."""
        return not self._is_stopped and all(self._statuses.values())

    async def ready(self) -> None:
        """Waits until every service serves."""
        async with self._changed:
            await self._changed.wait_for(self.is_ready)

    def names(self) -> list[str]:
        """Returns what can be asked for; the empty name is the whole process."""
        return ["", *self._statuses]

    def status(self, name: str) -> int | None:
        """Returns the status of one service, if it runs here."""
        if name and name not in self._statuses:
            return None
        is_serving = self._statuses[name] if name else self.is_ready()
        return int(health_pb2.HealthCheckResponse.SERVING if is_serving else health_pb2.HealthCheckResponse.NOT_SERVING)

    async def changes(self, name: str) -> AsyncIterator[int]:
        """Yields the present status, and each later one."""
        last = self._now(name)
        while True:
            yield last
            async with self._changed:
                while self._now(name) == last:
                    await self._changed.wait()
                last = self._now(name)

    def _now(self, name: str) -> int:
        status = self.status(name)
        return int(health_pb2.HealthCheckResponse.SERVICE_UNKNOWN) if status is None else status


async def follow(service: str, ready: Ready | None, board: Board, drain: Drain) -> None:
    """Asks the service whether it is ready, once and then all the time until the drain."""
    was_ready = None
    while True:
        failure = await _failure(ready)
        if drain.is_draining:
            return
        await board.set(failure is None, f"{service}: {failure}" if failure else "")
        if was_ready is not (failure is None):
            if failure is None:
                _LOG.info("%s is ready", service)
            else:
                _LOG.warning("%s is not ready: %s", service, failure)
        was_ready = failure is None
        if not await drain.pause(EVERY_SECONDS):
            return


async def _failure(ready: Ready | None) -> str | None:
    if ready is None:
        return None
    try:
        await asyncio.wait_for(ready(), CHECK_TIMEOUT_SECONDS)
    except TimeoutError:
        return f"no response within {CHECK_TIMEOUT_SECONDS:g} s"
    except Exception as error:
        return str(error) or type(error).__name__
    return None


class UnknownService(Error):
    """No service of this name runs here. The standard names the code."""

    policy = replace(Unimplemented.policy, code=grpc.StatusCode.NOT_FOUND)


class HealthRpc(health_pb2_grpc.HealthServicer):  # type: ignore[misc]
    """Answers grpc.health.v1."""

    def __init__(self, board: Board) -> None:
        self._board = board

    async def Check(self, request: Any, context: Any) -> Any:
        """Returns the status of one service; the empty name asks for all of them."""
        status = self._board.status(request.service)
        if status is None:
            raise UnknownService(f"no service {request.service} runs here")
        return health_pb2.HealthCheckResponse(status=status)

    async def List(self, request: Any, context: Any) -> Any:
        """Returns the status of every service."""
        statuses = {name: health_pb2.HealthCheckResponse(status=self._board.status(name)) for name in self._board.names()}
        return health_pb2.HealthListResponse(statuses=statuses)

    async def Watch(self, request: Any, context: Any) -> AsyncIterator[Any]:
        """Sends the status of one service now and whenever it changes."""
        async for status in self._board.changes(request.service):
            yield health_pb2.HealthCheckResponse(status=status)
