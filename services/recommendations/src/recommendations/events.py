"""What is learned from others' events. Each handler runs in one write with the record that its event was handled."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import Message
from souk.catalog.v1.events_pb2 import ProductCreated, ProductUpdated, VariantCreated, VariantUpdated
from souk.orders.v1.events_pb2 import OrderCanceled, OrderPlaced, OrderRefunded
from souk_chassis import Delivery, Poison, Tx
from souk_chassis.events import Handler

from recommendations import convert, store

SUBSCRIPTION = "recommendations"


def order_changed(tx: Tx, event: OrderPlaced | OrderCanceled | OrderRefunded, _: Delivery) -> None:
    """Counts an order as it stands now: what was bought and neither cancelled nor refunded."""
    if not event.order.order_id:
        raise Poison("the event names no order")
    store.put_order(tx, convert.order(event.order))


def product_changed(tx: Tx, event: ProductCreated | ProductUpdated, _: Delivery) -> None:
    """Takes over a product's title, and whether it is for sale."""
    if not event.product.product_id:
        raise Poison("the event names no product")
    store.put_product(tx, *convert.product(event.product))


def variant_changed(tx: Tx, event: VariantCreated | VariantUpdated, _: Delivery) -> None:
    """Takes over to which product a sku belongs, and its title."""
    if not event.variant.sku:
        raise Poison("the event names no sku")
    store.put_variant(tx, *convert.variant(event.variant))


HANDLERS: Mapping[type[Message], Handler] = {
    OrderPlaced: order_changed,
    OrderCanceled: order_changed,
    OrderRefunded: order_changed,
    ProductCreated: product_changed,
    ProductUpdated: product_changed,
    VariantCreated: variant_changed,
    VariantUpdated: variant_changed,
}
