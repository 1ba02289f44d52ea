"""A customer of a shop with new services in it: orders tea, records an entry at each, and waits until each has consumed the event of the order.

    customer.py SHOP PACKAGE=ADDRESS …

new_service_test.py runs it with the Python client as `new-service` has made it. Prints a line for each service that did all that.
"""

import sys
import time
from importlib import import_module

from souk.orders.v1.order_service_pb2 import PlaceOrderLine, PlaceOrderRequest
from souk.orders.v1.order_service_pb2_grpc import OrderServiceStub
from souk_client import connect

CALLER = "user:alice"
SECONDS = 60


def order(shop):
    """Buys one packet of tea; returns the order's id."""
    lines = [PlaceOrderLine(sku="TEA-MINT-100", quantity=1)]
    request = PlaceOrderRequest(request_id="tea", currency_code="GBP", payment_method="tok_approved", lines=lines)
    with connect(shop, as_=CALLER) as channel:
        return OrderServiceStub(channel).PlaceOrder(request).order.order_id


def visit(package, address, order_id):
    """Records an entry, and waits until it is listed with the order; returns the list."""
    messages = import_module(f"souk.{package}.v1.{package}_service_pb2")
    stubs = import_module(f"souk.{package}.v1.{package}_service_pb2_grpc")
    name = "".join(word.capitalize() for word in package.split("_"))
    with connect(address, as_=CALLER) as channel:
        service = getattr(stubs, f"{name}ServiceStub")(channel)
        service.RecordEntry(messages.RecordEntryRequest(request_id="hello", text="hello"))
        until = time.monotonic() + SECONDS
        while True:
            entries = service.ListRecentEntries(messages.ListRecentEntriesRequest()).entries
            texts = sorted(entry.text for entry in entries)
            if texts == ["hello", f"placed {order_id}"] or time.monotonic() > until:
                return texts
            time.sleep(0.1)


shop, *services = sys.argv[1:]
order_id = order(shop)
for service in services:
    package, _, address = service.partition("=")
    texts = visit(package, address, order_id)
    print(f"{package} has {', '.join(texts)}".replace(order_id, "the order"), flush=True)
