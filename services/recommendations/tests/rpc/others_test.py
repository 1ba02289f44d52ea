"""ListSimilarProducts, ListProductsBoughtTogether, ListPopularProducts and the invariants where nothing was trained."""

from __future__ import annotations

import sqlite3

from souk.events.v1.subscription_pb2 import LOG_BOUNDARY_EARLIEST
from souk.orders.v1 import events_pb2 as orders
from souk.recommendations.v1 import recommendation_pb2 as pb

from support import DAY, TODAY, Shop, skus


async def what_is_bought_together_is_counted_over_all_orders(shop: Shop) -> None:
    await shop.sell("A", "B", "C", "D")
    await shop.place("o1", "alice", "A", "B")
    await shop.place("o2", "", "A", "B")
    await shop.place("o3", "bob", "A", "C")
    await shop.place("o4", "bob", "D")
    await shop.settled()
    answer = await shop.together("A")
    assert (skus(answer), answer.basis) == (["B", "C", "D"], pb.BASIS_BASKET)
    assert [item.reason.kind for item in answer.items[:2]] == [pb.REASON_KIND_BOUGHT_TOGETHER_WITH] * 2
    assert [item.basis for item in answer.items] == [pb.BASIS_BASKET, pb.BASIS_BASKET, pb.BASIS_POPULAR]
    await shop.tell(orders.OrderCanceled(order=shop.order("o2", "", "A", "B", state="CANCELED")))
    await shop.place("o5", "", "A", "C")
    await shop.settled()
    assert skus(await shop.together("A"))[:2] == ["C", "B"]


async def the_reason_is_the_item_of_the_basket_that_goes_with_it_best(shop: Shop) -> None:
    await shop.sell("A", "B", "C", "D")
    for number in range(3):
        await shop.place(f"a{number}", "", "A", "C")
    await shop.place("b0", "", "B", "C")
    await shop.place("b1", "", "B", "D")
    await shop.settled()
    because = {item.sku: item.reason.because_of_sku for item in (await shop.together("A", "B")).items}
    assert because == {"C": "A", "D": "B"}


async def a_basket_of_strangers_falls_back_to_what_is_popular(shop: Shop) -> None:
    await shop.sell("A")
    await shop.place("o1", "alice", "A")
    await shop.settled()
    answer = await shop.together("unheard-of")
    assert (skus(answer), answer.basis) == (["A"], pb.BASIS_POPULAR)


async def similar_items_fall_back_to_those_bought_together_then_to_popular_ones(shop: Shop) -> None:
    await shop.sell("A", "B", "C")
    await shop.place("o1", "alice", "A", "B")
    await shop.place("o2", "bob", "C")
    await shop.settled()
    answer = await shop.similar("A")
    assert (skus(answer), answer.basis, answer.model_version) == (["B", "C"], pb.BASIS_BASKET, "")
    assert answer.items[0].reason.kind == pb.REASON_KIND_BOUGHT_TOGETHER_WITH
    answer = await shop.similar("unheard-of")
    assert (answer.basis, len(answer.items)) == (pb.BASIS_POPULAR, 3)


async def newer_orders_count_more_for_what_is_popular(shop: Shop) -> None:
    await shop.sell("A", "B")
    await shop.place("o1", "alice", "A", at=TODAY - 90 * DAY)
    await shop.place("o2", "alice", "A", at=TODAY - 90 * DAY)
    await shop.place("o3", "alice", "B", at=TODAY)
    await shop.settled()
    answer = await shop.popular()
    assert skus(answer) == ["B", "A"]
    assert answer.items[0].score == 1.0
    assert 0.0 < answer.items[1].score < 0.2


async def an_order_of_yesterday_told_today_counts_once_whatever_comes_twice(shop: Shop) -> None:
    await shop.sell("A")
    placed = orders.OrderPlaced(order=shop.order("o1", "alice", "A"))
    await shop.tell(placed, copies=2)
    await shop.tell(placed)
    await shop.settled()
    assert [item.score for item in (await shop.popular()).items] == [1.0]
    assert (await shop.model()).order_count == 1


async def an_older_version_of_an_order_changes_nothing(shop: Shop) -> None:
    await shop.sell("A", "B")
    placed = orders.OrderPlaced(order=shop.order("o1", "alice", "A"))
    await shop.tell(orders.OrderCanceled(order=shop.order("o1", "alice", "A", state="CANCELED")))
    await shop.tell(placed)
    await shop.settled()
    assert skus(await shop.popular()) == []


async def an_event_that_names_nothing_is_refused_and_holds_up_no_other(shop: Shop) -> None:
    await shop.tell(orders.OrderPlaced())
    await shop.sell("A")
    await shop.place("o1", "alice", "A")
    await shop.settled()
    assert [(entry.state, entry.reason) for entry in shop.bus.log[:1]] == [("dead", "the event holds an order without an id")]
    assert skus(await shop.popular()) == ["A"]


async def the_subscription_asks_for_what_is_handled_from_the_beginning(shop: Shop) -> None:
    await shop.sell("A")
    start = shop.bus.starts[0]
    assert (start.subscription_id, start.start_position.boundary) == ("recommendations", LOG_BOUNDARY_EARLIEST)
    assert len(start.event_types) == 8


async def memory_is_rebuilt_from_the_database(shop: Shop) -> None:
    await shop.sell("A", "B", "C")
    await shop.place("o1", "alice", "A", "B")
    await shop.place("o2", "bob", "C")
    await shop.tell(orders.OrderCanceled(order=shop.order("o2", "bob", "C", state="CANCELED")))
    await shop.settled()
    before = [await shop.popular(), await shop.together("A"), await shop.recommend("alice")]
    await shop.close()
    await shop.open()
    await shop.settled()
    assert [await shop.popular(), await shop.together("A"), await shop.recommend("alice")] == before


async def the_audit_finds_what_does_not_add_up(shop: Shop) -> None:
    await shop.sell("A")
    await shop.place("o1", "alice", "A")
    await shop.settled()
    counts = {count.what: count.count for count in (await shop.audit()).counts}
    assert counts == {"orders": 1, "items of orders": 1, "products": 1, "variants": 1, "skus counted in memory": 1}
    with sqlite3.connect(shop.folder / "recommendations.sqlite3") as database:
        database.execute("INSERT INTO order_items (order_id, sku) VALUES ('o1', 'B'), ('o9', 'A')")
    found = {(finding.invariant, finding.subject) for finding in (await shop.audit()).findings}
    assert ("memory counts what the orders come to", "A") in found
    assert ("every item belongs to an order", "o9") in found
