"""AuditRecommendations: what memory counts, held against the database."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from souk.recommendations.v1 import recommendation_service_pb2 as pb
from souk.type.v1.audit_pb2 import AuditCount, AuditFinding
from souk_chassis import Store

from recommendations import store as sql
from recommendations.live import Live

MOST_FINDINGS = 1_000
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
        strays = sql.items_without_order(reader, MOST_FINDINGS)
        counts = sql.orders_that_count(reader), sql.orders_with_each_sku(reader)
        return _Books(sql.last_change(reader), sql.sizes(reader), *counts, strays)


async def handle(store: Store, live: Live) -> pb.AuditRecommendationsResponse:
    """Compares both as of the same change; when orders keep coming in between, the database alone is looked at."""
    books, findings, is_compared = await store.read(_Books.read), [], False
    for _ in range(_ATTEMPTS):
        await live.reached(books.change)
        if is_compared := live.change == books.change:
            findings = _differences(books, live)
            break
        books = await store.read(_Books.read)
    findings += [_finding("every item belongs to an order", order, f"{sku} is in no order") for order, sku in books.strays]

    counts = [AuditCount(what=what, count=count) for what, count in books.sizes.items()]
    counts.append(AuditCount(what="skus counted in memory", count=len(books.orders_with) if is_compared else 0))
    return pb.AuditRecommendationsResponse(findings=findings[:MOST_FINDINGS], counts=counts)


def _differences(books: _Books, live: Live) -> list[AuditFinding]:
    """Returns where memory counts otherwise. When it does not hold all orders there is nothing to compare."""
    if live.history.is_full:
        return []
    invariant = "memory counts what the orders come to"
    findings = []
    if live.history.orders != books.orders:
        findings.append(_finding(invariant, "orders", f"{live.history.orders} in memory, {books.orders} in the database"))
    for sku, count in zip(live.shelf.skus, live.history.counts(len(live.shelf)).tolist(), strict=True):
        if count != (expected := books.orders_with.get(sku, 0)):
            findings.append(_finding(invariant, sku, f"{count} orders in memory, {expected} in the database"))
    return findings


def _finding(invariant: str, subject: str, detail: str) -> AuditFinding:
    return AuditFinding(invariant=invariant, subject=subject, detail=detail)
