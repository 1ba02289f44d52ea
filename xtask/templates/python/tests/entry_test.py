"""The rules of entries."""

from __future__ import annotations

import pytest

from {{package}}.entry import Entry, record
from {{package}}.error import TooManyEntries

ENTRY = Entry("entry_1", "customer_6hwct5gq5kb1dtg419zs3z7jba", "hello", 1)


def an_entry_is_admitted_up_to_the_limit() -> None:
    assert record(ENTRY, present=4, most=5) is ENTRY
    with pytest.raises(TooManyEntries, match="a customer may have at most 5 entries"):
        record(ENTRY, present=5, most=5)
