"""How much a process takes on at once: all requests together, and the open streams of one caller."""

from __future__ import annotations

import asyncio
from collections import Counter

from souk_chassis.refusal import Overloaded, TooManyStreams


class Limits:
    """Counts what is in work. The event loop is its only user, so there is no lock."""

    def __init__(self, max_requests: int, max_streams_per_caller: int) -> None:
        self._max_requests = max_requests
        self._max_streams = max_streams_per_caller
        self._streams: Counter[str] = Counter()
        self.requests = 0
        self.idle = asyncio.Event()
        """Set while nothing is in work."""
        self.idle.set()

    def enter(self, stream_of: str | None) -> None:
        """Takes a slot among all requests, and one among the streams of a caller; raises when there is none."""
        if self.requests >= self._max_requests:
            raise Overloaded
        if stream_of is not None:
            if self._streams[stream_of] >= self._max_streams:
                raise TooManyStreams(self._max_streams)
            self._streams[stream_of] += 1
        self.requests += 1
        self.idle.clear()

    def leave(self, stream_of: str | None) -> None:
        """Gives back what `enter` took."""
        self.requests -= 1
        if not self.requests:
            self.idle.set()
        if stream_of is not None:
            self._streams[stream_of] -= 1
            if not self._streams[stream_of]:
                del self._streams[stream_of]
