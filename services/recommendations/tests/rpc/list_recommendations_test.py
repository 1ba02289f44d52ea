"""ListRecommendations: personal, then the basket, then what is popular, and it says which."""

from __future__ import annotations

import grpc
from souk.orders.v1 import events_pb2 as orders
from souk.recommendations.v1 import recommendation_pb2 as pb
from souk_chassis.testing import refused

from support import DAY, TODAY, Shop, skus


async def a_stranger_sees_what_is_popular_and_is_told_so(shop: Shop) -> None:
    await shop.sell("A", "B")
    await shop.place("o1", "bob", "B")
    await shop.place("o2", "eve", "B", "A")
    await shop.settled()
    answer = await shop.recommend("alice")
    assert (skus(answer), answer.basis, answer.model_version) == (["B", "A"], pb.BASIS_POPULAR, "")
    assert {item.reason.kind for item in answer.items} == {pb.REASON_KIND_POPULAR}
    assert all(item.basis == pb.BASIS_POPULAR and not item.reason.because_of_sku for item in answer.items)


async def an_order_just_placed_changes_the_answer_without_a_training(shop: Shop) -> None:
    await shop.sell("A", "B", "C", "D")
    await shop.place("o1", "bob", "A", "B")
    await shop.place("o2", "eve", "D")
    await shop.place("o3", "eve", "D")
    await shop.settled()
    assert (await shop.recommend("alice")).basis == pb.BASIS_POPULAR
    await shop.place("o4", "alice", "A")
    await shop.bus.settled()
    answer = await shop.recommend("alice")
    assert (skus(answer), answer.basis) == (["A", "B", "D"], pb.BASIS_PERSONAL)
    again, together, popular = answer.items
    assert (again.reason.kind, again.reason.because_of_sku) == (pb.REASON_KIND_BOUGHT_BEFORE, "A")
    assert (together.reason.kind, together.reason.because_of_sku) == (pb.REASON_KIND_BOUGHT_TOGETHER_WITH, "A")
    assert (together.reason.because_of_title, together.basis) == ("Title A", pb.BASIS_PERSONAL)
    assert (popular.reason.kind, popular.basis) == (pb.REASON_KIND_POPULAR, pb.BASIS_POPULAR)


async def a_visitor_with_a_basket_sees_what_goes_with_it(shop: Shop) -> None:
    await shop.sell("A", "B", "C")
    await shop.place("o1", "bob", "A", "B")
    await shop.place("o2", "eve", "C")
    await shop.settled()
    answer = await shop.recommend("", basket_skus=["A", "unheard-of"])
    assert (skus(answer), answer.basis) == (["B", "C"], pb.BASIS_BASKET)
    assert [item.basis for item in answer.items] == [pb.BASIS_BASKET, pb.BASIS_POPULAR]


async def what_was_bought_often_and_lately_comes_first(shop: Shop) -> None:
    await shop.sell("A", "B", "C")
    await shop.place("o1", "alice", "A", at=TODAY - 300 * DAY)
    await shop.place("o2", "alice", "B", at=TODAY)
    await shop.place("o3", "alice", "C", at=TODAY - DAY)
    await shop.place("o4", "alice", "C", at=TODAY - 2 * DAY)
    await shop.settled()
    assert skus(await shop.recommend("alice")) == ["C", "B", "A"]


async def what_was_purchased_can_be_left_out(shop: Shop) -> None:
    await shop.sell("A", "B", "C")
    await shop.place("o1", "bob", "A", "B")
    await shop.place("o2", "alice", "A")
    await shop.place("o3", "eve", "C")
    await shop.settled()
    assert skus(await shop.recommend("alice", exclude_purchased=True)) == ["B", "C"]


async def nothing_of_the_basket_is_recommended(shop: Shop) -> None:
    await shop.sell("A", "B")
    await shop.place("o1", "alice", "A", "B")
    await shop.settled()
    assert skus(await shop.recommend("alice", basket_skus=["A"])) == ["B"]


async def of_a_product_with_variants_one_is_shown_and_other_variants_of_the_basket_are_not(shop: Shop) -> None:
    await shop.product("product_T", "Tea")
    await shop.variant("T-1", "product_T", "100 g")
    await shop.variant("T-2", "product_T", "200 g")
    await shop.sell("A")
    await shop.place("o1", "alice", "T-1", "T-2", "A")
    await shop.place("o2", "alice", "T-2")
    await shop.settled()
    answer = await shop.recommend("alice")
    assert skus(answer) == ["T-2", "A"]
    assert (answer.items[0].title, answer.items[0].product_id) == ("Tea 200 g", "product_T")
    assert skus(await shop.recommend("alice", basket_skus=["T-1"])) == ["A"]


async def only_what_is_for_sale_is_recommended(shop: Shop) -> None:
    await shop.sell("A")
    await shop.sell("B", state="ARCHIVED")
    await shop.sell("C", state="DRAFT")
    await shop.place("o1", "alice", "A", "B", "C", "never-in-the-catalogue")
    await shop.settled()
    assert skus(await shop.recommend("alice")) == ["A"]
    await shop.product("product_A", "Title A", "ARCHIVED", at=2)
    await shop.product("product_B", "Title B", "ACTIVE", at=2)
    await shop.settled()
    assert skus(await shop.recommend("alice")) == ["B"]
    await shop.variant("B", "product_B", state="DISABLED", at=2)
    await shop.settled()
    assert skus(await shop.recommend("alice")) == []
    await shop.variant("B", "product_B", state="UNSPECIFIED", at=3)
    await shop.settled()
    assert skus(await shop.recommend("alice")) == ["B"]


async def what_was_cancelled_or_refunded_counts_no_more(shop: Shop) -> None:
    await shop.sell("A", "B", "C")
    await shop.place("o1", "alice", "A")
    await shop.place("o2", "alice", "B", "C")
    await shop.settled()
    assert sorted(skus(await shop.recommend("alice"))) == ["A", "B", "C"]
    await shop.tell(orders.OrderCanceled(order=shop.order("o1", "alice", "A", state="CANCELED")))
    refunded = shop.order("o2", "alice", "B", "C", state="COMPLETED")
    refunded.lines[0].refunded_quantity = 2
    refunded.lines[1].refunded_quantity = 1
    await shop.tell(orders.OrderRefunded(order=refunded))
    await shop.settled()
    answer = await shop.recommend("alice")
    assert (skus(answer), answer.items[0].reason.kind) == (["C"], pb.REASON_KIND_BOUGHT_BEFORE)


async def a_user_asks_for_itself_only(shop: Shop) -> None:
    await shop.sell("A", "B")
    await shop.place("o1", "alice", "A")
    await shop.settled()
    for asked in ("", "me", "alice"):
        assert (await shop.recommend(asked, caller="user:alice")).basis == pb.BASIS_PERSONAL
    assert (await shop.recommend("alice", caller="service:web")).basis == pb.BASIS_PERSONAL
    refusal = await refused(shop.recommend("alice", caller="user:bob"))
    assert refusal.code == grpc.StatusCode.PERMISSION_DENIED
    assert (refusal.reason, refusal.domain) == ("ERROR_REASON_OTHER_CUSTOMER", "souk.policy")
    assert list(refusal.fields) == ["customer_id"]
    assert (await refused(shop.recommend("alice", caller="anonymous"))).code == grpc.StatusCode.UNAUTHENTICATED
    assert list((await refused(shop.recommend("me", caller="staff"))).fields) == ["customer_id"]


async def a_guest_sees_what_follows_from_its_own_purchases(shop: Shop) -> None:
    await shop.sell("A", "B")
    await shop.place("o1", "guest:x", "A")
    await shop.place("o2", "x", "B")
    await shop.settled()
    answer = await shop.recommend("", caller="guest:x")
    assert (answer.items[0].sku, answer.basis) == ("A", pb.BASIS_PERSONAL)
    assert (await refused(shop.recommend("x", caller="guest:x"))).reason == "ERROR_REASON_OTHER_CUSTOMER"


async def an_answer_has_as_many_items_as_asked_and_twenty_unless_asked(shop: Shop) -> None:
    names = [f"S{number:02}" for number in range(30)]
    await shop.sell(*names)
    await shop.place("o1", "alice", *names)
    await shop.settled()
    assert len((await shop.recommend("alice")).items) == 20
    assert len((await shop.recommend("alice", max_items=7)).items) == 7
    assert len((await shop.recommend("alice", max_items=100)).items) == 30
    assert list((await refused(shop.recommend("alice", max_items=101))).fields) == ["max_items"]


async def an_empty_shop_answers_nothing_and_fails_not(shop: Shop) -> None:
    answer = await shop.recommend("alice", basket_skus=["A"])
    assert (skus(answer), answer.basis) == ([], pb.BASIS_POPULAR)
