"""The rules of entries: pure, no I/O, no clock of their own."""

from __future__ import annotations

from dataclasses import dataclass

from {{package}}.error import TooManyEntries

MOST_LISTED = 20
"""How many are listed when the caller does not say."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a user wrote down. **Invariant:** it never changes."""

    id: str
    user_id: str
    text: str
    create_micros: int


def has_room(present: int, most: int) -> bool:
    """Returns whether a user who has `present` entries and may have `most` may have one more."""
    return present < most


def text_of_order(order_id: str) -> str:
    """Returns what is written down of an order."""
    return f"placed {order_id}"


def record(entry: Entry, present: int, most: int) -> Entry:
    """Admits an entry of a user who has `present` and may have `most`; raises TooManyEntries."""
    if not has_room(present, most):
        raise TooManyEntries(most)
    return entry
