"""The rules of entries: pure, no I/O, no clock of their own."""

from __future__ import annotations

from dataclasses import dataclass

from {{package}}.error import TooManyEntries

MOST_LISTED = 20
"""How many are listed unless the caller says how many."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a customer. **Invariant:** it never changes."""

    id: str
    customer_id: str
    text: str
    create_micros: int


def is_below_limit(present: int, most: int) -> bool:
    """Returns whether a customer who has `present` entries and may have `most` may have one more."""
    return present < most


def text_of_order(order_id: str) -> str:
    """Returns the text of the entry for an order."""
    return f"placed {order_id}"


def record(entry: Entry, present: int, most: int) -> Entry:
    """Admits an entry of a customer who has `present` and may have `most`; raises TooManyEntries."""
    if not is_below_limit(present, most):
        raise TooManyEntries(most)
    return entry
