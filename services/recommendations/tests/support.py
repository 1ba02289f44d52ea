"""A shop for tests: the service, its in-memory event bus, and helpers to publish events and call it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import grpc
from google.protobuf.message import Message
from souk.catalog.v1 import events_pb2 as catalog
from souk.catalog.v1 import product_pb2, variant_pb2
from souk.ops.v1.invariant_service_pb2 import CheckInvariantsRequest
from souk.ops.v1.invariant_service_pb2_grpc import InvariantServiceStub
from souk.orders.v1 import events_pb2 as orders
from souk.orders.v1 import order_pb2
from souk.recommendations.v1 import recommendation_service_pb2 as pb
from souk.recommendations.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from souk_chassis import Running, testing
from souk_client import customer_of

from recommendations import purchase
from recommendations.service import definition

DAY = purchase.DAY_MICROS
TODAY = 20_000 * DAY


class Shop:
    """The recommendations service with the bus it listens to."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder = folder
        self.bus: testing.Bus = cast(Any, testing.Bus)()
        self._settings = {"training__pause_seconds": 0, **settings}
        self._running: Running | None = None
        self._channel: grpc.aio.Channel | None = None
        self._versions: dict[str, int] = {}

    @staticmethod
    async def start(folder: Path, **settings: Any) -> Shop:
        shop = Shop(folder, settings)
        await shop.bus.start()
        await shop.open()
        return shop

    async def open(self) -> None:
        """Starts the service, on the data that is there."""
        bus = {"upstreams__events": f"http://{self.bus.address}"}
        self._running = await testing.start(definition(), self.folder, **bus, **self._settings)
        self._channel = grpc.aio.insecure_channel(self._running.address)

    def change(self, **settings: Any) -> None:
        """Sets what holds from the next `open` on."""
        self._settings |= settings

    async def close(self) -> None:
        """Drains the service; the bus and the data stay."""
        if self._running is not None and self._channel is not None:
            await self._channel.close()
            await testing.stop(self._running)
        self._running = self._channel = None

    async def stop(self) -> None:
        await self.close()
        await self.bus.stop()

    def stub(self) -> Any:
        assert self._channel is not None, "the shop is not open"
        return RecommendationServiceStub(self._channel)

    async def sell(self, *skus: str, state: str = "ACTIVE", title: str = "") -> None:
        """Puts products with one variant each into the catalogue."""
        for sku in skus:
            await self.product(f"product_{sku}", title or f"Title {sku}", state)
            await self.variant(sku, f"product_{sku}")
        await self.settled()

    async def product(self, product_id: str, title: str, state: str = "ACTIVE", at: int = 1) -> None:
        product = product_pb2.Product(product_id=product_id, title=title, state=f"PRODUCT_STATE_{state}")
        product.update_time.FromMicroseconds(at)
        await self.bus.add(catalog.ProductUpdated(product=product), key=product_id)

    async def variant(self, sku: str, product_id: str, title: str = "", state: str = "ACTIVE", at: int = 0) -> None:
        variant = variant_pb2.Variant(sku=sku, product_id=product_id, title=title, state=f"VARIANT_STATE_{state}")
        variant.update_time.FromMicroseconds(at)
        await self.bus.add(catalog.VariantUpdated(variant=variant), key=product_id)

    def order(self, order_id: str, customer: str, *skus: str, at: int = TODAY, state: str = "PLACED") -> order_pb2.Order:
        """Makes an order of two units of each sku, as its next version."""
        version = self._versions[order_id] = self._versions.get(order_id, 0) + 1
        order = order_pb2.Order(order_id=order_id, customer_id=id_of(customer), version=version, state=f"ORDER_STATE_{state}")
        order.effective_time.FromMicroseconds(at)
        for number, sku in enumerate(skus, 1):
            order.lines.add(line_number=number, sku=sku, quantity=2)
        return order

    async def place(self, order_id: str, customer: str, *skus: str, at: int = TODAY) -> None:
        """Publishes that an order was placed."""
        await self.tell(orders.OrderPlaced(order=self.order(order_id, customer, *skus, at=at)))

    async def tell(self, message: Any, copies: int = 1) -> None:
        """Publishes an event of an order, `copies` times."""
        await self.bus.add(message, key=message.order.order_id, copies=copies)

    async def settled(self) -> None:
        """Waits until all published events are in the responses, and nothing is counted wrong."""
        await self.bus.settled()
        audit = await self.audit()
        assert not audit.findings, audit

    async def recommend(self, customer: str, caller: str = "staff", **fields: Any) -> Any:
        request = pb.ListRecommendationsRequest(customer_id=id_of(customer), **fields)
        return (await self.ask("ListRecommendations", request, caller)).list

    async def similar(self, sku: str, **fields: Any) -> Any:
        return (await self.ask("ListSimilarProducts", pb.ListSimilarProductsRequest(sku=sku, **fields), "anonymous")).list

    async def together(self, *skus: str, **fields: Any) -> Any:
        request = pb.ListProductsBoughtTogetherRequest(skus=skus, **fields)
        return (await self.ask("ListProductsBoughtTogether", request, "anonymous")).list

    async def popular(self, **fields: Any) -> Any:
        return (await self.ask("ListPopularProducts", pb.ListPopularProductsRequest(**fields), "anonymous")).list

    async def model(self) -> Any:
        return await self.ask("GetModel", pb.GetModelRequest(), "staff")

    async def audit(self) -> Any:
        check = InvariantServiceStub(cast(Any, self._channel)).CheckInvariants
        answer = await check(CheckInvariantsRequest(), metadata=testing.caller("staff"), timeout=10)
        return answer.reports[0]

    async def ask(self, method: str, request: Message, caller: str) -> Any:
        return await getattr(self.stub(), method)(request, metadata=testing.caller(caller), timeout=10)


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 what is waited for is in another process
            await asyncio.sleep(0.02)


def id_of(customer: str) -> str:
    """Returns the id of a customer: `alice` is a user, `guest:x` a guest."""
    if customer in ("", "me"):
        return customer
    return customer_of(customer if ":" in customer else f"user:{customer}")


def skus(answer: Any) -> list[str]:
    return [item.sku for item in answer.items]
