"""Consumed events: an order becomes one entry of its customer, however often it is delivered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from souk.orders.v1.events_pb2 import OrderPlaced
from souk.orders.v1.order_pb2 import Order
from souk_client import customer_of

from support import Running

Start = Callable[..., Awaitable[Running]]
ALICE = customer_of("user:alice")


def placed(order_id: str, customer_id: str) -> OrderPlaced:
    return OrderPlaced(order=Order(order_id=order_id, customer_id=customer_id))


async def an_order_is_recorded_once_and_published_however_often_it_is_delivered(service: Running) -> None:
    await service.bus.add(placed("order_1", ALICE), copies=2)
    await service.bus.settled()
    assert await service.recent() == ["placed order_1"]
    # The two entries, and the one published event.
    published = (await service.bus.told(3))[2:]
    assert [event.ordering_key for event in published] == [ALICE]
    assert [start.subscription_id for start in service.bus.starts] == ["{{name}}"]


async def an_order_of_a_customer_at_the_limit_is_passed_over(start: Start) -> None:
    service = await start(entries__most_per_customer=1)
    await service.record("r1", "hello")
    await service.bus.add(placed("order_1", ALICE))
    await service.bus.settled()
    assert await service.recent() == ["hello"]


async def a_sale_without_a_customer_is_passed_over(service: Running) -> None:
    (entry,) = await service.bus.add(placed("order_1", ""))
    await service.bus.settled()
    assert entry.state == "done"


async def an_event_without_an_order_is_rejected_for_good(service: Running) -> None:
    (entry,) = await service.bus.add(placed("", ALICE))
    await service.bus.settled()
    assert entry.state == "dead"
