"""Customers: those of before they had ids, and those who claim what a guest bought."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from souk.orders.v1 import events_pb2 as orders
from souk.orders.v1 import order_pb2
from souk.recommendations.v1 import recommendation_pb2 as pb
from souk_chassis import Store
from souk_client import customer_of

from recommendations import convert, store
from support import TODAY, Shop, id_of, skus

Start = Callable[..., Awaitable[Shop]]


def claimed(guest: str, customer: str) -> orders.GuestClaimed:
    return orders.GuestClaimed(guest_customer_id=id_of(guest), customer_id=id_of(customer))


async def claim(shop: Shop, guest: str, customer: str, copies: int = 1) -> list[Any]:
    return await shop.bus.add(claimed(guest, customer), key=id_of(customer), copies=copies)


async def bought_before(shop: Shop, customer: str) -> list[str]:
    answer = await shop.recommend(customer)
    return sorted(item.sku for item in answer.items if item.reason.kind == pb.REASON_KIND_BOUGHT_BEFORE)


def rows(path: Path, table: str) -> list[Any]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as reader:
        return reader.execute(f"SELECT * FROM {table}").fetchall()


async def names_of_before_become_ids(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "0" / "recommendations.sqlite3"
    path.parent.mkdir()
    await Store.open(path, store.MIGRATIONS[:2]).close()
    with closing(sqlite3.connect(path)) as earlier:
        named = [("o1", "alice"), ("o2", "17850"), ("o3", ""), ("o4", "Zoë O. 李"), ("o5", "alice")]
        for number, (order_id, name) in enumerate(named, 1):
            earlier.execute("INSERT INTO orders VALUES (?, ?, 2, ?, ?)", (order_id, name, TODAY, number))
            earlier.execute("INSERT INTO order_items VALUES (?, ?)", (order_id, f"S{number}"))
        earlier.execute("UPDATE clock SET last = 5")
        earlier.commit()

    shop = await start()
    await shop.sell("S1", "S2", "S3", "S4", "S5")
    for _ in range(2):
        assert await bought_before(shop, "alice") == ["S1", "S5"]
        assert await bought_before(shop, "17850") == ["S2"]
        assert await bought_before(shop, "Zoë O. 李") == ["S4"]
        assert sorted(skus(await shop.popular())) == ["S1", "S2", "S3", "S4", "S5"]
        await shop.close()
        kept = {row[0]: row[1] for row in rows(path, "orders")}
        assert kept == {order_id: customer_of(f"user:{name}") if name else "" for order_id, name in named}
        await shop.open()


def an_event_of_before_names_a_user() -> None:
    for named, expected in [("alice", id_of("alice")), ("", ""), (id_of("guest:x"), id_of("guest:x"))]:
        assert convert.order(order_pb2.Order(order_id="o", customer_id=named)).customer_id == expected


async def what_a_guest_bought_is_the_customers_who_claims_the_guest(shop: Shop) -> None:
    await shop.sell("A", "B", "C", "D", "E")
    await shop.place("o1", "guest:x", "A")
    await shop.place("o2", "guest:x", "B")
    await shop.place("o3", "alice", "C")
    await shop.place("o4", "bob", "D")
    await shop.settled()
    assert await bought_before(shop, "guest:x") == ["A", "B"]

    await claim(shop, "guest:x", "alice")
    await shop.settled()
    assert await bought_before(shop, "alice") == ["A", "B", "C"]
    assert await bought_before(shop, "guest:x") == []
    assert await bought_before(shop, "bob") == ["D"]

    # An event may come late: it still names the guest.
    await shop.place("o5", "guest:x", "E")
    await shop.tell(orders.OrderCanceled(order=shop.order("o2", "guest:x", "B", state="CANCELED")))
    await shop.settled()
    assert await bought_before(shop, "alice") == ["A", "C", "E"]


async def a_claim_that_comes_again_changes_nothing(shop: Shop) -> None:
    await shop.sell("A", "B")
    await shop.place("o1", "guest:x", "A")
    await claim(shop, "guest:x", "alice", copies=2)
    await shop.place("o2", "bob", "B")
    await shop.settled()
    path = shop.folder / "recommendations.sqlite3"
    tables = ("orders", "order_items", "claims", "clock")
    before = [rows(path, table) for table in tables]
    assert await bought_before(shop, "alice") == ["A"]

    again = await claim(shop, "guest:x", "alice")
    late = await claim(shop, "guest:x", "bob")
    circle = await claim(shop, "alice", "alice")
    nobody = await shop.bus.add(orders.GuestClaimed(customer_id=id_of("bob")), key=id_of("bob"))
    await shop.settled()
    assert [entry.state for entry in again + late + circle + nobody] == ["done", "dead", "dead", "dead"]
    assert late[0].reason == f"{id_of('guest:x')} was claimed by another customer before"
    assert [rows(path, table) for table in tables] == before


async def only_orders_says_who_claimed_a_guest(shop: Shop) -> None:
    await shop.sell("A")
    await shop.place("o1", "guest:x", "A")
    (forged,) = await claim(shop, "guest:x", "alice")
    forged.event.source = "/services/recommendations"
    await shop.settled()
    assert await bought_before(shop, "alice") == []
    assert await bought_before(shop, "guest:x") == ["A"]


@pytest.mark.parametrize("first", ["claim", "order"])
async def it_does_not_matter_whether_the_order_or_the_claim_comes_first(shop: Shop, first: str) -> None:
    await shop.sell("A")
    if first == "claim":
        await claim(shop, "guest:x", "alice")
        await shop.settled()
    await shop.place("o1", "guest:x", "A")
    await shop.settled()
    if first == "order":
        await claim(shop, "guest:x", "alice")
        await shop.settled()
    assert await bought_before(shop, "alice") == ["A"]
