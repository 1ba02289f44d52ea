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


def record(entry: Entry, present: int, most: int) -> Entry:
    """Admits an entry of a user who has `present` and may have `most`; raises TooManyEntries."""
    if present >= most:
        raise TooManyEntries(most)
    return entry
