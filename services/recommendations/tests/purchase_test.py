"""What of an order counts as bought."""

from __future__ import annotations

import pytest
from souk.orders.v1 import order_pb2

from recommendations import convert
from recommendations.purchase import Order, OrderLine, OrderState, Purchases


def an_order_keeps_what_was_neither_cancelled_nor_refunded_whole() -> None:
    lines = (OrderLine("A", 2, 0), OrderLine("B", 2, 1), OrderLine("C", 2, 2), OrderLine("A", 1, 0))
    assert Order("o", "c", 1, 0, OrderState.SOLD, lines).kept_skus() == ["A", "B"]
    assert Order("o", "c", 1, 0, OrderState.UNDONE, lines).kept_skus() == []


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        ("PENDING", False), ("PLACED", True), ("COMPLETED", True),
        ("CANCELED", False), ("REJECTED", False), ("UNSPECIFIED", False),
    ],
)  # fmt: skip
def an_order_counts_from_being_placed_until_it_is_undone(state: str, counts: bool) -> None:
    message = order_pb2.Order(order_id="o", state=f"ORDER_STATE_{state}")
    message.lines.add(sku="A", quantity=1)
    assert convert.order(message).kept_skus() == (["A"] if counts else [])


@pytest.mark.parametrize(("status", "counts"), [("PARTIALLY_REFUNDED", True), ("PAID", True), ("REFUNDED", False)])
def an_order_that_was_paid_back_as_a_whole_is_undone(status: str, counts: bool) -> None:
    message = order_pb2.Order(order_id="o", state="ORDER_STATE_COMPLETED", payment_status=f"PAYMENT_STATUS_{status}")
    message.lines.add(sku="A", quantity=1)
    assert convert.order(message).kept_skus() == (["A"] if counts else [])


@pytest.mark.parametrize(("state", "counts"), [(3, True), (4, True), (5, False)])
def the_states_of_events_of_before_count_as_they_did(state: int, counts: bool) -> None:
    message = order_pb2.Order.FromString(bytes([0x0A, 1, ord("o"), 0x20, state, 0x2A, 5, 0x12, 1, ord("A"), 0x28, 1]))
    assert convert.order(message).kept_skus() == (["A"] if counts else [])


def every_state_of_an_order_is_known_here() -> None:
    assert len(order_pb2.OrderState.keys()) == 6


def an_order_has_the_time_of_the_sale_and_without_one_that_of_its_making() -> None:
    message = order_pb2.Order(order_id="o")
    message.create_time.FromMicroseconds(7)
    assert convert.order(message).time == 7
    message.effective_time.FromMicroseconds(5)
    assert convert.order(message).time == 5


def purchases_do_not_depend_on_the_order_of_their_rows() -> None:
    rows = [("o2", "bob", "B", 2), ("o1", "", "A", 1), ("o1", "", "B", 1), ("o1", "", "B", 1)]
    one, other = Purchases.of(rows), Purchases.of(reversed(rows))
    assert one.skus == other.skus == ("A", "B")
    assert one.customer.tolist() == other.customer.tolist() == [-1, -1, 0]
    assert (one.orders, one.customers) == (2, 1)
