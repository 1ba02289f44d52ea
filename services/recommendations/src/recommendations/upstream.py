"""All calls to other services: what the bus does not remember is read from those who own it.

An answer is not believed because it parses: it must be about what was asked for, and a list must come to its end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from souk.catalog.v1 import catalog_service_pb2 as catalog
from souk.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub
from souk.catalog.v1.product_pb2 import Product, ProductState
from souk.catalog.v1.variant_pb2 import Variant, VariantState
from souk.orders.v1 import order_service_pb2 as orders
from souk.orders.v1.order_pb2 import Order
from souk.orders.v1.order_service_pb2_grpc import OrderServiceStub
from souk_chassis import Host

PRODUCTS_ON_A_PAGE = 500
ORDERS_ON_A_PAGE = 100
_PAGE_SECONDS = 10.0
_PRODUCT_SECONDS = 5.0


class UnbelievableError(Exception):
    """An answer that cannot be one to what was asked; asked again later."""


class Upstream:
    """The upstream services."""

    def __init__(self, host: Host) -> None:
        self._catalog = CatalogServiceStub(host.channel("catalog"))
        self._orders = OrderServiceStub(host.channel("orders"))

    async def products(self) -> AsyncIterator[list[Product]]:
        """Lists all products in any state, a page at a time."""
        request = catalog.ListProductsRequest(page_size=PRODUCTS_ON_A_PAGE, states=ProductState.keys()[1:])
        while True:
            page = await self._catalog.ListProducts(request, timeout=_PAGE_SECONDS)
            if any(not product.product_id for product in page.products):
                raise UnbelievableError("catalog listed a product without an id")
            yield list(page.products)
            if not page.next_page_token:
                return
            request.page_token = _following(page.next_page_token, request.page_token, len(page.products))

    async def variants(self, product_id: str) -> list[Variant]:
        """Returns the variants of a product in any state."""
        found: list[Variant] = []
        request = catalog.ListVariantsRequest(product_id=product_id, states=VariantState.keys()[1:])
        while True:
            page = await self._catalog.ListVariants(request, timeout=_PRODUCT_SECONDS)
            if any(variant.product_id != product_id or not variant.sku for variant in page.variants):
                raise UnbelievableError(f"catalog listed variants of another product than {product_id}")
            found += page.variants
            if not page.next_page_token:
                return found
            request.page_token = _following(page.next_page_token, request.page_token, len(page.variants))

    async def orders(self) -> AsyncIterator[list[Order]]:
        """Lists all orders in any state, a page at a time."""
        request = orders.ListOrdersRequest(page_size=ORDERS_ON_A_PAGE)
        while True:
            page = await self._orders.ListOrders(request, timeout=_PAGE_SECONDS)
            if any(not order.order_id for order in page.orders):
                raise UnbelievableError("orders listed an order without an id")
            yield list(page.orders)
            if not page.next_page_token:
                return
            request.page_token = _following(page.next_page_token, request.page_token, len(page.orders))


def _following(token: str, before: str, found: int) -> str:
    """Returns the token of the next page. A list that repeats its tokens would never end."""
    if token == before or found == 0:
        raise UnbelievableError("a list repeats its page token")
    return token
