"""What happened before the service listened is read from those who own it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import grpc
import pytest
from souk.catalog.v1 import catalog_service_pb2 as catalog
from souk.catalog.v1 import product_pb2, variant_pb2
from souk.catalog.v1.catalog_service_pb2_grpc import CatalogServiceServicer, add_CatalogServiceServicer_to_server
from souk.orders.v1 import events_pb2 as order_events
from souk.orders.v1 import order_pb2
from souk.orders.v1 import order_service_pb2 as orders
from souk.orders.v1.order_service_pb2_grpc import OrderServiceServicer, add_OrderServiceServicer_to_server

from support import TODAY, Shop, eventually, id_of, skus

Start = Callable[..., Awaitable[Shop]]


class Upstreams(CatalogServiceServicer, OrderServiceServicer):
    """A catalogue and its orders, two on a page."""

    def __init__(self) -> None:
        self.skus: list[str] = []
        self.orders: list[order_pb2.Order] = []
        self.calls: list[str] = []
        self.break_off_after = 1_000_000
        self.address = ""
        self.forge_variants: Callable[[catalog.ListVariantsRequest], catalog.ListVariantsResponse] | None = None
        self.forge_orders: Callable[[orders.ListOrdersRequest], orders.ListOrdersResponse] | None = None

    async def ListProducts(self, request: catalog.ListProductsRequest, context: Any) -> catalog.ListProductsResponse:
        first = await self._first("ListProducts", request.page_token, context)
        answer = catalog.ListProductsResponse(next_page_token=self._next(first, len(self.skus)))
        for sku in self.skus[first : first + 2]:
            product = answer.products.add(product_id=f"product_{sku}", title=f"Title {sku}")
            product.state = product_pb2.PRODUCT_STATE_ACTIVE
        return answer

    async def ListVariants(self, request: catalog.ListVariantsRequest, context: Any) -> catalog.ListVariantsResponse:
        if self.forge_variants is not None:
            return self.forge_variants(request)
        answer = catalog.ListVariantsResponse()
        sku = request.product_id.removeprefix("product_")
        answer.variants.add(sku=sku, product_id=request.product_id, state=variant_pb2.VARIANT_STATE_ACTIVE)
        return answer

    async def ListOrders(self, request: orders.ListOrdersRequest, context: Any) -> orders.ListOrdersResponse:
        first = await self._first("ListOrders", request.page_token, context)
        if self.forge_orders is not None:
            return self.forge_orders(request)
        token = self._next(first, len(self.orders))
        return orders.ListOrdersResponse(orders=self.orders[first : first + 2], next_page_token=token)

    async def _first(self, method: str, token: str, context: Any) -> int:
        if len(self.calls) >= self.break_off_after:
            await context.abort(grpc.StatusCode.INTERNAL, "a bug")  # Not tried again by the runtime.
        self.calls.append(method)
        return int(token or 0)

    def _next(self, first: int, count: int) -> str:
        return str(first + 2) if first + 2 < count else ""


@pytest.fixture
async def upstreams(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Upstreams]:
    monkeypatch.setattr("recommendations.past.AGAIN_SECONDS", 0.05)
    owner: Upstreams = cast(Any, Upstreams)()
    server = grpc.aio.server()
    add_CatalogServiceServicer_to_server(owner, server)
    add_OrderServiceServicer_to_server(owner, server)
    owner.address = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    yield owner
    await server.stop(None)


def order(number: int, customer: str, *bought: str, version: int = 2, state: str = "PLACED") -> order_pb2.Order:
    made = order_pb2.Order(order_id=f"o{number}", customer_id=id_of(customer), version=version, state=f"ORDER_STATE_{state}")
    made.effective_time.FromMicroseconds(TODAY + number)
    for sku in bought:
        made.lines.add(sku=sku, quantity=1)
    return made


async def counts(shop: Shop, expected: int) -> None:
    async def are_there() -> bool:
        return bool((await shop.model()).order_count == expected)

    await eventually(are_there)


async def orders_and_products_of_before_are_in_the_answers_and_read_once(start: Start, upstreams: Upstreams) -> None:
    upstreams.skus = ["A", "B", "C"]
    upstreams.orders = [
        order(1, "alice", "A", "B"), order(2, "bob", "B"), order(3, "bob", "C", state="CANCELED"), order(4, "eve", "B"),
        order(5, "eve", "A", state="PENDING"),
    ]  # fmt: skip
    addresses = {"upstreams__catalog": upstreams.address, "upstreams__orders": upstreams.address}
    shop = await start(**addresses)
    await counts(shop, 3)
    assert skus(await shop.popular()) == ["B", "A"]
    assert skus(await shop.recommend("alice"))[:2] == ["B", "A"]
    calls = list(upstreams.calls)
    assert calls == ["ListProducts"] * 2 + ["ListOrders"] * 3
    await shop.settled()
    await shop.close()
    await shop.open()
    await shop.place("o6", "bob", "C")
    await shop.settled()
    assert upstreams.calls == calls
    assert (await shop.model()).order_count == 4


async def a_reading_that_breaks_off_begins_anew_and_counts_nothing_twice(start: Start, upstreams: Upstreams) -> None:
    upstreams.skus = ["A"]
    upstreams.orders = [order(number, "alice", "A") for number in range(5)]
    upstreams.break_off_after = 3
    shop = await start(upstreams__catalog=upstreams.address, upstreams__orders=upstreams.address)
    await counts(shop, 4)
    upstreams.break_off_after = 1_000_000
    await counts(shop, 5)
    assert upstreams.calls == ["ListProducts"] + ["ListOrders"] * 5


async def what_is_newer_wins_from_whichever_side_it_comes(start: Start, upstreams: Upstreams) -> None:
    upstreams.skus = ["A"]
    upstreams.orders = [order(1, "alice", "A", version=5, state="CANCELED"), order(2, "bob", "A", version=2)]
    shop = await start(upstreams__catalog=upstreams.address, upstreams__orders=upstreams.address)
    await counts(shop, 1)
    await shop.tell(order_events.OrderPlaced(order=order(1, "alice", "A", version=2, state="PLACED")))
    await shop.tell(order_events.OrderCanceled(order=order(2, "bob", "A", version=4, state="CANCELED")))
    await shop.settled()
    assert (await shop.model()).order_count == 0


async def without_its_upstreams_the_service_learns_from_events(shop: Shop) -> None:
    await shop.sell("A")
    await shop.place("o1", "alice", "A")
    await shop.settled()
    assert skus(await shop.popular()) == ["A"]


@pytest.mark.parametrize(
    "forged",
    [
        catalog.ListVariantsResponse(variants=[variant_pb2.Variant(sku="B", product_id="product_B")]),
        catalog.ListVariantsResponse(variants=[variant_pb2.Variant(product_id="product_A")]),
        catalog.ListVariantsResponse(variants=[variant_pb2.Variant(sku="A", product_id="product_A")], next_page_token="again"),
    ],
    ids=["a variant of another product", "a variant without a sku", "a list that does not end"],
)
async def a_catalogue_that_answers_something_else_is_not_believed(
    start: Start, upstreams: Upstreams, forged: catalog.ListVariantsResponse
) -> None:
    asked = 0

    def forge(request: catalog.ListVariantsRequest) -> catalog.ListVariantsResponse:
        nonlocal asked
        asked += 1
        return forged

    upstreams.skus, upstreams.forge_variants = ["A"], forge
    upstreams.orders = [order(1, "alice", "A")]
    shop = await start(upstreams__catalog=upstreams.address, upstreams__orders=upstreams.address)
    await eventually(_is(lambda: asked > 1))
    assert (await shop.model()).order_count == 0
    assert skus(await shop.popular()) == []
    upstreams.forge_variants = None
    await counts(shop, 1)
    assert skus(await shop.popular()) == ["A"]


@pytest.mark.parametrize("kind", ["an order without an id", "a circle", "a year 58880", "garbage"])
async def orders_that_answer_something_else_are_not_believed(start: Start, upstreams: Upstreams, kind: str) -> None:
    asked = 0

    def forge(request: orders.ListOrdersRequest) -> orders.ListOrdersResponse:
        nonlocal asked
        asked += 1
        bad = order(7, "alice", "B")
        match kind:
            case "an order without an id":
                bad.order_id = ""
            case "a year 58880":
                bad.effective_time.seconds = 1_796_000_000_000
            case "a circle":
                return orders.ListOrdersResponse(orders=[order(1, "alice", "A")], next_page_token="1")
            case _:
                return cast("orders.ListOrdersResponse", product_pb2.Product(product_id="\x08\x01", title="x"))
        return orders.ListOrdersResponse(orders=[bad])

    upstreams.skus, upstreams.orders = ["A", "B"], [order(1, "alice", "A")]
    upstreams.forge_orders = forge
    shop = await start(upstreams__catalog=upstreams.address, upstreams__orders=upstreams.address)
    # A circle is read twice before it is noticed; each kind is asked again.
    await eventually(_is(lambda: asked > 3))
    assert (await shop.model()).order_count <= 1
    upstreams.forge_orders = None
    await counts(shop, 1)
    assert skus(await shop.popular())[0] == "A"


async def an_empty_list_is_a_shop_without_orders(start: Start, upstreams: Upstreams) -> None:
    upstreams.skus = ["A"]
    shop = await start(upstreams__catalog=upstreams.address, upstreams__orders=upstreams.address)
    await eventually(_is(lambda: upstreams.calls == ["ListProducts", "ListOrders"]))
    assert (await shop.model()).order_count == 0


async def what_no_event_can_say_is_a_dead_letter_and_holds_up_nothing(shop: Shop) -> None:
    await shop.sell("A")
    late, nameless = order(1, "alice", "A"), order(2, "alice", "A")
    late.effective_time.seconds = 9_223_372_036_854_775_807
    nameless.order_id = ""
    entries = await shop.bus.add(*(order_events.OrderPlaced(order=one) for one in (late, nameless)), key="o")
    await shop.bus.add(order_events.OrderPlaced(order=order(3, "bob", "A")), key="o")
    await shop.settled()
    assert [entry.state for entry in entries] == ["dead", "dead"]
    assert (await shop.model()).order_count == 1


async def an_order_that_another_service_tells_of_counts_for_nothing(shop: Shop) -> None:
    await shop.sell("A", "B")
    (entry,) = await shop.bus.add(order_events.OrderPlaced(order=order(1, "alice", "B")), key="forged")
    entry.event.source = "/services/recommendations"
    await shop.place("o2", "alice", "A")
    await shop.settled()
    assert entry.state == "done"
    assert skus(await shop.popular())[0] == "A"
    assert (await shop.model()).order_count == 1


async def a_title_beyond_all_bounds_is_cut(shop: Shop) -> None:
    await shop.sell("A", title="x" * 500_000)
    await shop.place("o1", "alice", "A")
    await shop.settled()
    assert [len(item.title) for item in (await shop.popular()).items] == [1_000]


def _is(check: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return check()

    return asked
