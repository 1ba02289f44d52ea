"""A whole purchase, with everything that can come in between.

A guest buys two things that lie at two locations, the first card has no money, the bank wants to be asked, half of the goods
leave, the rest is canceled, one piece comes back, and then the guest signs in and finds all of it.

`python journey.py 127.0.0.1:7300`, at a shop as `souk up` fills it. It checks each state on the way.
"""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from souk.inventory.v1.inventory_service_pb2 import AdjustStockRequest, BatchGetStockRequest
from souk.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from souk.orders.v1.order_pb2 import (
    CancelReason,
    CaptureMethod,
    Fulfillment,
    FulfillmentLine,
    FulfillmentState,
    FulfillmentStatus,
    Order,
    OrderChangeKind,
    OrderState,
    PaymentStatus,
    RefundLine,
    RefundReason,
    RefundState,
    RestockPolicy,
    Tracking,
)
from souk.orders.v1.order_service_pb2 import (
    CancelOrderRequest,
    ClaimGuestOrdersRequest,
    CreateFulfillmentRequest,
    GetOrderRequest,
    ListOrderHistoryRequest,
    ListOrdersRequest,
    PlaceOrderLine,
    PlaceOrderRequest,
    RefundOrderRequest,
    RetryPaymentRequest,
    WatchOrderRequest,
)
from souk.orders.v1.order_service_pb2_grpc import OrderServiceStub
from souk.payments.simulator.v1alpha.simulator_service_pb2 import CompleteActionRequest
from souk.payments.simulator.v1alpha.simulator_service_pb2_grpc import SimulatorServiceStub
from souk.payments.v1.payment_pb2 import DeclineCode
from souk.payments.v1.payment_service_pb2 import GetPaymentRequest
from souk.payments.v1.payment_service_pb2_grpc import PaymentServiceStub
from souk.type.v1.contact_pb2 import Contact
from souk_client import SoukError, connect, customer_of, development_token, items, money, watch

TEA = "TEA-MINT-500"  # 23.90 GBP, all of it in the warehouse, `main`.
LANTERN = "LANTERN-BRASS"  # 64.50 GBP, in the shop too.

GUEST = "guest:python"
USER = "user:python"

T = TypeVar("T")


def axes(order: Order) -> tuple[str, str, str]:
    """Returns where an order is: its three axes."""
    return (
        OrderState.Name(order.state).removeprefix("ORDER_STATE_"),
        PaymentStatus.Name(order.payment_status).removeprefix("PAYMENT_STATUS_"),
        FulfillmentStatus.Name(order.fulfillment_status).removeprefix("FULFILLMENT_STATUS_"),
    )


def totals(order: Order) -> list[str]:
    """Returns what was ordered, captured, canceled and paid back."""
    return [money.format(each) for each in (order.total, order.captured_total, order.canceled_total, order.refunded_total)]


def units(order: Order) -> list[tuple[int, int, int, int, int]]:
    """Returns the units of each line: ordered, left, canceled, paid back, returned."""
    return [
        (line.quantity, line.fulfilled_quantity, line.canceled_quantity, line.refunded_quantity, line.returned_quantity)
        for line in order.lines
    ]


def refusal(call: Callable[[], object]) -> SoukError:
    """Returns what a call is refused with."""
    try:
        call()
    except SoukError as error:
        return error
    raise AssertionError("it was not refused")


def same(found: T, expected: T) -> None:
    """Fails with both values when they differ."""
    assert found == expected, f"\n  found     {found}\n  expected  {expected}"


def shelf(stock: InventoryServiceStub, sku: str, location_id: str) -> tuple[int, int]:
    """Returns what is on hand of a sku at a location, and how much of that is promised."""
    (found,) = stock.BatchGetStock(BatchGetStockRequest(skus=[sku], location_id=location_id)).stock
    return found.on_hand, found.reserved


def buy(guest: OrderServiceStub, stock: InventoryServiceStub) -> str:
    """Orders with a card that has no money, which keeps the order and its goods; returns its id."""
    purchase = PlaceOrderRequest(
        request_id="python-journey",
        currency_code="GBP",
        payment_method="tok_insufficient_funds",
        capture_method=CaptureMethod.CAPTURE_METHOD_ON_FULFILLMENT,
        expected_total=money.parse("176.80 GBP"),
        contact=Contact(email_address="gina@example.com"),
        lines=[PlaceOrderLine(sku=TEA, quantity=2), PlaceOrderLine(sku=LANTERN, quantity=2)],
    )
    declined = refusal(lambda: guest.PlaceOrder(purchase))
    same(declined.reason, "ERROR_REASON_PAYMENT_METHOD_DECLINED")
    same(declined.metadata["decline"], "DECLINE_CODE_INSUFFICIENT_FUNDS")
    order_id = declined.metadata["order_id"]
    # The same request is the same order.
    same(refusal(lambda: guest.PlaceOrder(purchase)).metadata["order_id"], order_id)

    kept = guest.GetOrder(GetOrderRequest(order_id=order_id)).order
    same(axes(kept), ("PENDING", "UNPAID", "UNFULFILLED"))
    same(totals(kept), ["176.80 GBP", "0.00 GBP", "0.00 GBP", "0.00 GBP"])
    same(kept.customer_id, customer_of(GUEST))
    same(kept.payments[0].decline, DeclineCode.DECLINE_CODE_INSUFFICIENT_FUNDS)
    same(shelf(stock, TEA, "main"), (120, 2))
    same(shelf(stock, LANTERN, "shop"), (4, 2))
    return order_id


def pay(guest: OrderServiceStub, bank: SimulatorServiceStub, order_id: str) -> None:
    """Pays with another card, whose bank wants to ask its customer."""
    retry = RetryPaymentRequest(order_id=order_id, payment_method="tok_requires_action")
    waiting = guest.RetryPayment(retry).order
    same(axes(waiting), ("PENDING", "ACTION_REQUIRED", "UNFULFILLED"))
    # A browser would be sent there; the button on that page calls this.
    bank.CompleteAction(CompleteActionRequest(redirect_uri=waiting.payment_action.redirect_uri, approve=True))
    for answer in watch(lambda token: guest.WatchOrder(WatchOrderRequest(order_id=order_id, resume_token=token))):
        if answer.change.kind == OrderChangeKind.ORDER_CHANGE_KIND_PLACED:
            break
    placed = guest.GetOrder(GetOrderRequest(order_id=order_id)).order
    same(axes(placed), ("PLACED", "AUTHORIZED", "UNFULFILLED"))
    same(totals(placed), ["176.80 GBP", "0.00 GBP", "0.00 GBP", "0.00 GBP"])
    assert not placed.HasField("payment_action")


def send(warehouse: OrderServiceStub, stock: InventoryServiceStub, order_id: str) -> None:
    """Lets half of it leave, a parcel from each location, and only that is captured."""
    parcel = Fulfillment(
        location_id="main",
        lines=[FulfillmentLine(line_number=1, quantity=1)],
        tracking=Tracking(carrier="Royal Mail", tracking_number="RM1"),
    )
    tea = warehouse.CreateFulfillment(CreateFulfillmentRequest(request_id="tea", order_id=order_id, fulfillment=parcel))
    same(tea.fulfillment.state, FulfillmentState.FULFILLMENT_STATE_SHIPPED)
    same(axes(tea.order), ("PLACED", "PARTIALLY_PAID", "PARTIALLY_FULFILLED"))
    same(totals(tea.order), ["176.80 GBP", "23.90 GBP", "0.00 GBP", "0.00 GBP"])
    parcel = Fulfillment(location_id="shop", lines=[FulfillmentLine(line_number=2, quantity=1)])
    lantern = warehouse.CreateFulfillment(CreateFulfillmentRequest(request_id="lantern", order_id=order_id, fulfillment=parcel))
    same(axes(lantern.order), ("PLACED", "PARTIALLY_PAID", "PARTIALLY_FULFILLED"))
    same(totals(lantern.order), ["176.80 GBP", "88.40 GBP", "0.00 GBP", "0.00 GBP"])
    same(shelf(stock, TEA, "main"), (119, 1))
    same(shelf(stock, LANTERN, "shop"), (3, 1))

    parcel = Fulfillment(lines=[FulfillmentLine(line_number=2, quantity=2)])
    more = CreateFulfillmentRequest(request_id="more", order_id=order_id, fulfillment=parcel)
    too_much = refusal(lambda: warehouse.CreateFulfillment(more))
    same((too_much.reason, too_much.metadata["open"]), ("ERROR_REASON_EXCEEDS_OPEN_UNITS", "1"))


def cancel(guest: OrderServiceStub, stock: InventoryServiceStub, order_id: str) -> None:
    """Cancels the rest, which is never charged."""
    lines = [FulfillmentLine(line_number=1, quantity=1), FulfillmentLine(line_number=2, quantity=1)]
    reason = CancelReason.CANCEL_REASON_CUSTOMER_REQUEST
    request = CancelOrderRequest(order_id=order_id, request_id="rest", reason=reason, lines=lines)
    rest = guest.CancelOrder(request).order
    same(axes(rest), ("COMPLETED", "PAID", "FULFILLED"))
    same(totals(rest), ["176.80 GBP", "88.40 GBP", "88.40 GBP", "0.00 GBP"])
    same(shelf(stock, TEA, "main"), (119, 0))
    same(shelf(stock, LANTERN, "shop"), (3, 0))


def take_back(support: OrderServiceStub, stock: InventoryServiceStub, order_id: str) -> None:
    """Takes the lantern back to the shelf that it came from, and pays it back."""
    lines = [RefundLine(line_number=2, quantity=1, restock=RestockPolicy.RESTOCK_POLICY_ALL)]
    reason = RefundReason.REFUND_REASON_DEFECTIVE
    request = RefundOrderRequest(order_id=order_id, request_id="back", reason=reason, lines=lines)
    back = support.RefundOrder(request)
    same(back.refund.state, RefundState.REFUND_STATE_SUCCEEDED)
    same(axes(back.order), ("COMPLETED", "PARTIALLY_REFUNDED", "PARTIALLY_RETURNED"))
    same(totals(back.order), ["176.80 GBP", "88.40 GBP", "88.40 GBP", "64.50 GBP"])
    same(units(back.order), [(2, 1, 1, 0, 0), (2, 1, 1, 1, 1)])
    same(shelf(stock, LANTERN, "shop"), (4, 0))


def sign_in(user: OrderServiceStub, guest: OrderServiceStub, payments: PaymentServiceStub, order_id: str) -> None:
    """Proves who the guest was, and finds all of it."""

    def orders() -> list[Order]:
        return list(items(lambda token: user.ListOrders(ListOrdersRequest(page_token=token)), lambda page: page.orders))

    get = GetOrderRequest(order_id=order_id)
    same(refusal(lambda: user.GetOrder(get)).reason, "ERROR_REASON_ORDER_NOT_FOUND")
    same(orders(), [])
    claim = ClaimGuestOrdersRequest(guest_token=development_token(GUEST))
    same(user.ClaimGuestOrders(claim).order_count, 1)
    same(user.ClaimGuestOrders(claim).order_count, 1)  # A repeat has the same response.
    (mine,) = orders()
    same((mine.order_id, mine.customer_id), (order_id, customer_of(USER)))
    same(axes(mine), ("COMPLETED", "PARTIALLY_REFUNDED", "PARTIALLY_RETURNED"))
    same(totals(mine), ["176.80 GBP", "88.40 GBP", "88.40 GBP", "64.50 GBP"])
    same(mine.contact.email_address, "gina@example.com")
    same([(each.location_id, each.tracking.tracking_number) for each in mine.fulfillments], [("main", "RM1"), ("shop", "")])
    same([(money.format(each.amount), each.actor.id) for each in mine.refunds], [("64.50 GBP", "sue")])
    same(refusal(lambda: guest.GetOrder(get)).reason, "ERROR_REASON_ORDER_NOT_FOUND")

    history = items(
        lambda token: user.ListOrderHistory(ListOrderHistoryRequest(order_id=order_id, page_token=token)),
        lambda page: page.changes,
    )
    same(
        [OrderChangeKind.Name(change.kind).removeprefix("ORDER_CHANGE_KIND_") for change in history],
        [
            "CREATED",
            "PRICED",
            "PAYMENT_METHOD_DECLINED",
            "PAYMENT_RETRIED",
            "PAYMENT_ACTION_REQUIRED",
            "PLACED",
            *["FULFILL_STARTED", "PARTIALLY_PAID", "PARTIALLY_FULFILLED"],
            *["FULFILL_STARTED", "PARTIALLY_PAID", "PARTIALLY_FULFILLED"],
            "CANCEL_STARTED",
            "LINES_CANCELED",
            "REFUND_STARTED",
            "REFUND_SUCCEEDED",
            "CUSTOMER_CHANGED",
        ],
    )

    # Payments follows the claim by an event, a moment later.
    until = time.monotonic() + 30
    while True:
        try:
            payment = payments.GetPayment(GetPaymentRequest(payment_id=mine.payments[0].payment_id)).payment
            break
        except SoukError as error:
            same(error.reason, "ERROR_REASON_PAYMENT_NOT_FOUND")
            assert time.monotonic() < until, "payments does not follow the claim"
            time.sleep(0.05)
    amounts = [money.format(each) for each in (payment.authorized, payment.captured, payment.refunded)]
    same(amounts, ["88.40 GBP", "88.40 GBP", "64.50 GBP"])
    print(order_id, *axes(mine))


def main(address: str) -> None:
    """Tells the story from its start to its end."""
    warehouse_may = ["orders.fulfill", "inventory.read", "inventory.write"]
    with (
        connect(address, as_=GUEST) as of_guest,
        connect(address, as_=USER) as of_user,
        connect(address, as_="staff:wes", scopes=warehouse_may) as of_warehouse,
        connect(address, as_="staff:sue", scopes=["orders.refund"]) as of_support,
    ):
        guest, warehouse = OrderServiceStub(of_guest), OrderServiceStub(of_warehouse)
        stock = InventoryServiceStub(of_warehouse)
        # The lanterns of the warehouse were sold at the door: those that are left are in the shop.
        sold = AdjustStockRequest(request_id="sold-at-the-door", sku=LANTERN, location_id="main", on_hand_change=-22)
        sold.note = "sold at the door"
        stock.AdjustStock(sold)
        order_id = buy(guest, stock)
        pay(guest, SimulatorServiceStub(of_guest), order_id)
        send(warehouse, stock, order_id)
        cancel(guest, stock, order_id)
        take_back(OrderServiceStub(of_support), stock, order_id)
        sign_in(OrderServiceStub(of_user), guest, PaymentServiceStub(of_user), order_id)


main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:7300")
