"""How long to wait before the bus, or an upstream, is tried again."""

from __future__ import annotations

import random


class Backoff:
    """Pauses that double with each failure up to a limit, each shortened at random by up to half so that replicas spread."""

    def __init__(self, first: float = 0.05, longest: float = 5.0) -> None:
        self._first = first
        self._longest = longest
        self.failures = 0

    def next(self) -> float:
        """Returns the pause after one more failure, in seconds."""
        pause = min(self._longest, self._first * float(1 << min(self.failures, 20)))
        self.failures += 1
        return pause * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Resets after a success."""
        self.failures = 0
