"""What happened before this service listened: read once from those who own it, since the bus remembers some weeks only.

Events that come meanwhile are handled as ever. What is newer wins, from whichever side it comes, so that their order does not
matter and a reading that broke off may begin again.
"""

from __future__ import annotations

import logging
import time

import grpc
import souk_chassis
from souk.catalog.v1.product_pb2 import Product
from souk.catalog.v1.variant_pb2 import Variant
from souk.orders.v1.order_pb2 import Order
from souk_chassis import Drain, Store, Tx

from recommendations import convert
from recommendations import store as sql
from recommendations.live import Live
from recommendations.upstream import UnbelievableError, Upstream

PRODUCTS, ORDERS = "products", "orders"
AGAIN_SECONDS = 5.0
"""How long an upstream that does not answer, or not what was asked, is left alone."""
_LOG = logging.getLogger("recommendations.past")


class Past:
    """Reads the past, in parts, each until it was read to its end once."""

    def __init__(self, store: Store, live: Live, upstream: Upstream) -> None:
        self._store, self._live, self._upstream = store, live, upstream

    async def run(self, drain: Drain) -> None:
        """Reads what is not read yet; a worker."""
        is_told = False
        while not drain.is_draining:
            try:
                await self._read_part(PRODUCTS)
                await self._read_part(ORDERS)
                return
            except (grpc.aio.AioRpcError, souk_chassis.Error, UnbelievableError, convert.UnreadableError) as error:
                if not is_told:
                    _LOG.warning("the history cannot be read yet and is not in the responses: %s", _why(error))
                is_told = True
            await drain.pause(AGAIN_SECONDS)

    async def _read_part(self, part: str) -> None:
        if await self._store.read(lambda reader: sql.is_past_read(reader, part)):
            return
        read = await (self._read_products() if part == PRODUCTS else self._read_orders())
        await self._store.write(lambda tx: sql.past_read(tx, part, time.time_ns() // 1000))
        _LOG.info("read %d %s of the history", read, part)

    async def _read_products(self) -> int:
        read = 0
        async for products in self._upstream.products():
            for product in products:
                variants = await self._upstream.variants(product.product_id)
                await self._store.write(_writing_product(product, variants))
            read += len(products)
            self._live.tell()
        return read

    async def _read_orders(self) -> int:
        read = 0
        async for orders in self._upstream.orders():
            await self._store.write(_writing_orders(orders))
            read += len(orders)
            self._live.tell()
        return read


def _writing_product(product: Product, variants: list[Variant]) -> sql.Write:
    def write(tx: Tx) -> None:
        sql.put_product(tx, *convert.product(product))
        for variant in variants:
            sql.put_variant(tx, *convert.variant(variant))

    return write


def _writing_orders(orders: list[Order]) -> sql.Write:
    def write(tx: Tx) -> None:
        for order in orders:
            sql.put_order(tx, convert.order(order))

    return write


def _why(error: Exception) -> str:
    return error.details() or "" if isinstance(error, grpc.aio.AioRpcError) else str(error)
