"""What is served from: shelf, history and model in memory, following the database.

**Invariant:** memory holds what the database says as of `change`; it is touched on the event loop only, never across an await.
"""

from __future__ import annotations

import asyncio
import sqlite3

from souk_chassis import Drain, Store

from recommendations import store as sql
from recommendations.history import History
from recommendations.model import Model, Similarity
from recommendations.ranking import Ranking
from recommendations.shelf import Shelf

CHANGES_AT_ONCE = 500


class Live:
    """The newest state of everything that an answer is made from."""

    def __init__(self, store: Store, most_orders: int) -> None:
        self.shelf = Shelf()
        self.history = History(most_orders)
        self.model: Model | None = None
        self.model_version = ""
        """The version of the model that is served; empty while there is none."""
        self.change = 0
        self._similarity: Similarity | None = None
        self._store = store
        self._most_orders = most_orders
        self._news = asyncio.Event()
        self._followed = asyncio.Condition()

    @property
    def ranking(self) -> Ranking:
        """Returns the ways to rank as of now."""
        return Ranking(self.shelf, self.history, self._similarity)

    def swap(self, model: Model) -> None:
        """Serves another model from the next request on."""
        # A sku may have been learned from an order that memory does not hold.
        numbers = [self.shelf.number(sku) for sku in model.weighing.skus]
        self._similarity = Similarity(model.weighing, numbers)
        # The version takes a digest of the whole model: once, and not for each answer.
        self.model, self.model_version = model, model.version

    def tell(self, _: int = 0) -> None:
        """Says that the database has changed."""
        self._news.set()

    async def load(self) -> None:
        """Brings memory up to the database, from nothing: the catalogue as a whole, and the newest orders."""
        after = await self._store.read(lambda reader: sql.change_before_newest_orders(reader, self._most_orders))
        await self._catch_up(orders_after=after)

    async def follow(self, drain: Drain) -> None:
        """Applies changes as they are published; a worker."""
        stopping = asyncio.ensure_future(drain.started())
        stopping.add_done_callback(lambda _: self._news.set())
        try:
            while not drain.is_draining:
                await self._news.wait()
                self._news.clear()
                await self._catch_up()
        finally:
            stopping.cancel()

    async def reached(self, change: int) -> None:
        """Waits until memory holds this change, which the database does."""
        self.tell()
        async with self._followed:
            await self._followed.wait_for(lambda: self.change >= change)

    async def _catch_up(self, orders_after: int = 0) -> None:
        while True:
            since = self.change

            def news(reader: sqlite3.Connection, since: int = since) -> tuple[int, list[sql.Change]]:
                changes = sql.changes_since(reader, since, CHANGES_AT_ONCE, orders_after=orders_after)
                return sql.last_change(reader), changes

            last, changes = await self._store.read(news)
            for _, change in changes:
                self._apply(change)
            is_all = len(changes) < CHANGES_AT_ONCE
            self.change = last if is_all else changes[-1][0]
            async with self._followed:
                self._followed.notify_all()
            if is_all:
                return

    def _apply(self, change: sql.OrderChange | sql.ProductChange | sql.VariantChange) -> None:
        match change:
            case sql.OrderChange(order_id, time, skus):
                self.history.put(order_id, time, [self.shelf.number(sku) for sku in skus])
            case sql.ProductChange(product_id, title, is_for_sale):
                self.shelf.put_product(product_id, title, is_for_sale)
            case sql.VariantChange(sku, product_id, title, is_for_sale):
                self.shelf.put_variant(sku, product_id, title, is_for_sale)
