"""The bytes of all messages that are being read and decoded at once, most of them for those whom the shop depends on."""

from __future__ import annotations

from collections import Counter

FREE_BYTES = 4096
"""Shorter messages are free: the limits of requests bound them."""
_PARTS = {"anonymous": 4, "user": 2}
_COUNTED_AS = {"guest": "user"}


class DecodingBudget:
    """Counts bytes. The event loop is its only user, so there is no lock."""

    def __init__(self, max_bytes: int, max_message_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._max_message_bytes = max_message_bytes
        self._used: Counter[str] = Counter()

    def reserve(self, size: int, kind: str) -> bool:
        """Reserves bytes for a caller of this kind; returns whether there were enough.

        Each kind of caller may have one of the largest messages, however small its part is.
        """
        if size <= FREE_BYTES:
            return True
        kind = _COUNTED_AS.get(kind, kind)
        most = max(self.max_bytes // _PARTS[kind], self._max_message_bytes) if kind in _PARTS else self.max_bytes
        if self._used[kind] + size > most or self._used.total() + size > self.max_bytes:
            return False
        self._used[kind] += size
        return True

    def release(self, size: int, kind: str) -> None:
        """Gives back what was taken."""
        if size > FREE_BYTES:
            self._used[_COUNTED_AS.get(kind, kind)] -= size
