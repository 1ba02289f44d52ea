"""The signal that work must come to an end: every worker and every stream holds one."""

from __future__ import annotations

import asyncio


class Drain:
    """Signals a worker or a stream that the process is going to stop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def start(self) -> None:
        """Begins the drain; done by the running process only."""
        self._event.set()

    @property
    def is_draining(self) -> bool:
        """Returns whether the process has begun to stop."""
        return self._event.is_set()

    async def started(self) -> None:
        """Waits until the process begins to stop."""
        await self._event.wait()

    async def pause(self, seconds: float) -> bool:
        """Sleeps, but not beyond the start of the drain; returns whether the worker should go on.

        So a worker is `while await drain.pause(every): await sweep()`.
        """
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return True
        return False
