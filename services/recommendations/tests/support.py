"""A shop for tests: the service on ports of its own, a bus that speaks souk.events.v1, and short ways to tell and to ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import souk_chassis
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from souk.catalog.v1 import events_pb2 as catalog
from souk.catalog.v1 import product_pb2
from souk.events.v1 import event_pb2
from souk.events.v1 import events_service_pb2 as bus_pb
from souk.events.v1.events_service_pb2_grpc import EventServiceServicer, add_EventServiceServicer_to_server
from souk.orders.v1 import events_pb2 as orders
from souk.orders.v1 import order_pb2
from souk.recommendations.v1 import recommendation_service_pb2 as pb
from souk.recommendations.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from souk_chassis import Caller, Running

from recommendations import purchase
from recommendations.service import definition

DAY = purchase.DAY_MICROS
TODAY = 20_000 * DAY


class Bus(EventServiceServicer):
    """A log that delivers its events in order to whoever subscribes; acknowledged ones are not delivered again."""

    def __init__(self) -> None:
        self.log: list[event_pb2.Event] = []
        self.acknowledged: set[int] = set()
        self.refused: dict[int, str] = {}
        self.starts: list[bus_pb.SubscribeStart] = []
        self.address = ""
        self._changed = asyncio.Condition()
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        self._server = grpc.aio.server()
        add_EventServiceServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        await self._server.start()

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop(None)

    async def publish(self, message: Message, key: str, event_id: str = "") -> None:
        event = event_pb2.Event(
            id=event_id or f"event_{len(self.log)}",
            source="/services/test",
            type=message.DESCRIPTOR.full_name,
            data=message.SerializeToString(),
            ordering_key=key,
        )
        async with self._changed:
            self.log.append(event)
            self._changed.notify_all()

    async def settled(self) -> None:
        """Waits until every event was acknowledged or refused."""
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: len(self.acknowledged | self.refused.keys()) == len(self.log))

    async def Subscribe(
        self, requests: AsyncIterator[bus_pb.SubscribeRequest], context: Any
    ) -> AsyncIterator[bus_pb.SubscribeResponse]:
        self.starts.append((await anext(requests)).start)
        sent: set[int] = set()
        reading = asyncio.create_task(self._read(requests))
        try:
            yield bus_pb.SubscribeResponse(started=bus_pb.SubscribeStarted())
            while not reading.done():
                async with self._changed:
                    await self._changed.wait_for(lambda: reading.done() or self._open(sent))
                    answer = bus_pb.SubscribeResponse()
                    for number in self._open(sent)[:100]:
                        sent.add(number)
                        answer.deliveries.add(event=self.log[number], ack_id=str(number), delivery_attempt=1)
                if answer.deliveries:
                    yield answer
        finally:
            reading.cancel()

    def _open(self, sent: set[int]) -> list[int]:
        done = sent | self.acknowledged | self.refused.keys()
        return [number for number in range(len(self.log)) if number not in done]

    async def _read(self, requests: AsyncIterator[bus_pb.SubscribeRequest]) -> None:
        async for request in requests:
            async with self._changed:
                self.acknowledged |= {int(ack_id) for ack_id in request.update.ack_ids}
                self.refused |= {int(nack.ack_id): nack.reason for nack in request.update.nacks}
                self._changed.notify_all()
        async with self._changed:
            self._changed.notify_all()


class Shop:
    """The recommendations service with the bus it listens to."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder = folder
        self.bus = Bus()
        self._settings = settings
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
        overrides = {
            "data_dir": str(self.folder),
            "server.listen": "127.0.0.1:0",
            "server.metrics_listen": "127.0.0.1:0",
            "neighbours.events": f"http://{self.bus.address}",
            **{name.replace("__", "."): value for name, value in self._settings.items()},
        }
        self._running = await souk_chassis.start(definition(), None, overrides)
        self._channel = grpc.aio.insecure_channel(self._running.address)

    def change(self, **settings: Any) -> None:
        """Sets what holds from the next `open` on."""
        self._settings |= settings

    async def close(self) -> None:
        """Drains the service; the bus and the data stay."""
        if self._running is not None and self._channel is not None:
            await self._channel.close()
            await self._running.drain()
        self._running = self._channel = None

    async def stop(self) -> None:
        await self.close()
        await self.bus.stop()

    def stub(self) -> Any:
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
        await self.bus.publish(catalog.ProductUpdated(product=product), product_id)

    async def variant(self, sku: str, product_id: str, title: str = "") -> None:
        created = catalog.VariantCreated()
        created.variant.sku, created.variant.product_id, created.variant.title = sku, product_id, title
        await self.bus.publish(created, product_id)

    def order(self, order_id: str, customer: str, *skus: str, at: int = TODAY, state: str = "PLACED") -> order_pb2.Order:
        """Makes an order of two units of each sku, as its next version."""
        version = self._versions[order_id] = self._versions.get(order_id, 0) + 1
        order = order_pb2.Order(order_id=order_id, customer_id=customer, version=version, state=f"ORDER_STATE_{state}")
        order.effective_time.FromMicroseconds(at)
        for number, sku in enumerate(skus, 1):
            order.lines.add(line_number=number, sku=sku, quantity=2)
        return order

    async def place(self, order_id: str, customer: str, *skus: str, at: int = TODAY) -> None:
        """Tells that an order was placed."""
        await self.tell(orders.OrderPlaced(order=self.order(order_id, customer, *skus, at=at)))

    async def tell(self, message: Any, event_id: str = "") -> None:
        """Puts an event of an order on the bus."""
        await self.bus.publish(message, message.order.order_id, event_id)

    async def settled(self) -> None:
        """Waits until everything that was told is in the answers, and nothing is counted wrong."""
        await self.bus.settled()
        audit = await self.audit()
        assert not audit.findings, audit

    async def recommend(self, customer: str, caller: str = "staff", **fields: Any) -> Any:
        return await self.ask("Recommend", pb.RecommendRequest(customer_id=customer, **fields), caller)

    async def similar(self, sku: str, **fields: Any) -> Any:
        return await self.ask("SimilarProducts", pb.SimilarProductsRequest(sku=sku, **fields), "anonymous")

    async def together(self, *skus: str, **fields: Any) -> Any:
        request = pb.FrequentlyBoughtTogetherRequest(skus=skus, **fields)
        return await self.ask("FrequentlyBoughtTogether", request, "anonymous")

    async def popular(self, **fields: Any) -> Any:
        return await self.ask("PopularProducts", pb.PopularProductsRequest(**fields), "anonymous")

    async def model(self) -> Any:
        return await self.ask("GetModel", pb.GetModelRequest(), "staff")

    async def audit(self) -> Any:
        return await self.ask("AuditRecommendations", pb.AuditRecommendationsRequest(), "staff")

    async def ask(self, method: str, request: Message, caller: str) -> Any:
        metadata = []
        if caller != "anonymous":
            token = souk_chassis.development_token(Caller.parse(caller))
            metadata.append(("authorization", f"Bearer {token}"))
        return await getattr(self.stub(), method)(request, metadata=metadata, timeout=10)


async def refusal(call: Awaitable[Any]) -> tuple[grpc.StatusCode, ErrorInfo]:
    """Waits for a call to be refused and returns the code and the ErrorInfo."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        details = dict[Any, Any](error.trailing_metadata() or ())["grpc-status-details-bin"]
        info = ErrorInfo()
        assert any(detail.Unpack(info) for detail in Status.FromString(details).details)
        return error.code(), info
    raise AssertionError("the call was not refused")


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Waits until something is so."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 what is waited for is in another process
            await asyncio.sleep(0.02)


def skus(answer: Any) -> list[str]:
    return [item.sku for item in answer.items]
