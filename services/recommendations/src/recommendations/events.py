"""What is learned from others' events. Each handler runs in one write with the record that its event was handled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from google.protobuf.message import Message
from souk.catalog.v1.events_pb2 import ProductCreated, ProductUpdated, VariantCreated, VariantUpdated
from souk.orders.v1.events_pb2 import GuestClaimed, OrderCanceled, OrderPlaced, OrderRefunded
from souk_chassis import Delivery, Poison, Tx
from souk_chassis.events import Handler

from recommendations import convert, store

SUBSCRIPTION = "recommendations"

M = TypeVar("M")
T = TypeVar("T")


def order_changed(tx: Tx, event: OrderPlaced | OrderCanceled | OrderRefunded, _: Delivery) -> None:
    """Counts the current state of an order: what was bought and neither canceled nor refunded."""
    store.put_order(tx, _readable(convert.order, event.order))


def guest_claimed(tx: Tx, event: GuestClaimed, _: Delivery) -> None:
    """Counts what a guest bought as the purchases of the customer who has claimed the guest."""
    claim = _readable(convert.claim, event)
    if not store.put_claim(tx, claim):
        raise Poison(f"{claim.guest_customer_id} was claimed by another customer before")


def product_changed(tx: Tx, event: ProductCreated | ProductUpdated, _: Delivery) -> None:
    """Takes over a product's title, and whether it is for sale."""
    store.put_product(tx, *_readable(convert.product, event.product))


def variant_changed(tx: Tx, event: VariantCreated | VariantUpdated, _: Delivery) -> None:
    """Takes over to which product a sku belongs, and its title."""
    store.put_variant(tx, *_readable(convert.variant, event.variant))


def _readable(read: Callable[[M], T], message: M) -> T:
    """Reads a part of an event. What cannot be read now never can be: a dead letter at once, which holds up nothing."""
    try:
        return read(message)
    except convert.UnreadableError as error:
        raise Poison(f"the event holds {error}") from error


HANDLERS: Mapping[type[Message], Handler] = {
    OrderPlaced: order_changed,
    OrderCanceled: order_changed,
    OrderRefunded: order_changed,
    GuestClaimed: guest_claimed,
    ProductCreated: product_changed,
    ProductUpdated: product_changed,
    VariantCreated: variant_changed,
    VariantUpdated: variant_changed,
}
