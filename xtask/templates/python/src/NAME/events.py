"""Published events, in the write of their change, and consumed events."""

from __future__ import annotations

import time
from collections.abc import Mapping

from google.protobuf.message import Message
from souk.orders.v1.events_pb2 import OrderPlaced
from souk_chassis import Delivery, Poison, Tx, new_id
from souk_chassis.events import Handler

from {{package}} import convert, entry, store
from {{package}}.entry import Entry

SUBSCRIPTION = "{{name}}"
"""The lasting subscription on the bus, and the name of its part of the inbox."""


def entry_recorded(tx: Tx, entry: Entry) -> None:
    """Publishes that an entry was recorded."""
    tx.publish(convert.to_event(entry))


def handlers(most_per_customer: int) -> Mapping[type[Message], Handler]:
    """Returns the subscription. A handler runs in one write with the record of its event, so its effect happens once."""

    def order_placed(tx: Tx, event: OrderPlaced, _: Delivery) -> None:
        """Records an entry of the customer for an order."""
        order_id, customer_id = event.order.order_id, event.order.customer_id
        if not order_id:
            raise Poison("the event names no order")
        # A sale without a customer is recorded for no one.
        if not customer_id:
            return
        # A customer who has reached the limit gets no more; were the event refused, it would only come again.
        if not entry.is_below_limit(store.count(tx, customer_id), most_per_customer):
            return
        recorded = Entry(new_id("entry"), customer_id, entry.text_of_order(order_id), time.time_ns() // 1000)
        store.insert(tx, recorded)
        entry_recorded(tx, recorded)

    return {OrderPlaced: order_placed}
