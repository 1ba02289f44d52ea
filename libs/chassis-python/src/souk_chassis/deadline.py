"""Until when an answer is of use."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Deadline:
    """The instant, on the monotonic clock in seconds, at which the caller stops waiting; infinite when there is none."""

    instant: float = math.inf

    @staticmethod
    def after(seconds: float | None) -> Deadline:
        """Returns the deadline that lies so far from now; none means never."""
        return Deadline() if seconds is None else Deadline(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Returns the seconds that are left: zero once it has passed, infinity when there is none."""
        return max(0.0, self.instant - time.monotonic())

    def has_passed(self) -> bool:
        """Returns whether the caller no longer waits."""
        return self.remaining() == 0.0

    def timeout(self) -> float | None:
        """Returns the seconds that are left as gRPC and asyncio want them: none when there is no deadline."""
        return None if self.instant == math.inf else self.remaining()
