"""The invariants: what memory counts, held against the database."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from souk_chassis import Report, Store

from recommendations import store as sql
from recommendations.live import Live

_MOST_STRAYS = 1_000
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class _Books:
    """What the database comes to, as of a change."""

    change: int
    sizes: dict[str, int]
    orders: int
    orders_with: dict[str, int]
    strays: list[tuple[str, str]]

    @staticmethod
    def read(reader: sqlite3.Connection) -> _Books:
        strays = sql.items_without_order(reader, _MOST_STRAYS)
        counts = sql.orders_that_count(reader), sql.orders_with_each_sku(reader)
        return _Books(sql.last_change(reader), sql.sizes(reader), *counts, strays)


async def check(store: Store, live: Live) -> Report:
    """Compares both as of the same change; when orders keep coming in between, the database alone is looked at."""
    books, report, is_compared = await store.read(_Books.read), Report(), False
    for _ in range(_ATTEMPTS):
        await live.reached(books.change)
        if is_compared := live.change == books.change:
            _compare(books, live, report)
            break
        books = await store.read(_Books.read)
    for order, sku in books.strays:
        report.add("every item belongs to an order", order, f"{sku} is in no order")
    report.counts = {**books.sizes, "skus counted in memory": len(books.orders_with) if is_compared else 0}
    return report


def _compare(books: _Books, live: Live, report: Report) -> None:
    """Reports where memory counts otherwise. When it does not hold all orders there is nothing to compare."""
    if live.history.is_full:
        return
    invariant = "memory counts what the orders come to"
    if live.history.orders != books.orders:
        report.add(invariant, "orders", f"{live.history.orders} in memory, {books.orders} in the database")
    for sku, count in zip(live.shelf.skus, live.history.counts(len(live.shelf)).tolist(), strict=True):
        if count != (expected := books.orders_with.get(sku, 0)):
            report.add(invariant, sku, f"{count} orders in memory, {expected} in the database")
