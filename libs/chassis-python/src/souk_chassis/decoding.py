"""The bytes of all messages that are being read and decoded at once, most of them for those whom the shop depends on."""

from __future__ import annotations

UNCOUNTED_BYTES = 4096
"""Shorter messages are not worth counting."""
_SHARES = {"anonymous": 4, "user": 2, "service": 1, "staff": 1}


class DecodingBudget:
    """Counts bytes. The event loop is its only user, so there is no lock."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._used = 0

    def reserve(self, size: int, kind: str) -> int | None:
        """Takes so many bytes for a caller of this kind; returns what `release` wants, none when there are not enough.

        One message alone always fits.
        """
        if size <= UNCOUNTED_BYTES:
            return 0
        if self._used and self._used + size > self.max_bytes // _SHARES[kind]:
            return None
        self._used += size
        return size

    def release(self, taken: int) -> None:
        """Gives back what was taken."""
        self._used -= taken
