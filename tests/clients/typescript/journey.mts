/**
 * A whole purchase, with everything that can come in between: a guest buys two things that lie at two locations, the first card has
 * no money, the bank wants to be asked, half of the goods leave, the rest is canceled, one piece comes back, and then the guest
 * signs in and finds all of it.
 *
 * `node dist/journey.mjs 127.0.0.1:7300`, at a shop as `souk up` fills it. It checks each state on the way.
 */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";

import { createClient } from "@connectrpc/connect";
import { connect, customerOf, developmentToken, items, money, SoukError, watch } from "@souk/client";
import { InventoryService } from "@souk/client/gen/souk/inventory/v1/inventory_service_pb.js";
import {
  CancelReason,
  CaptureMethod,
  FulfillmentState,
  FulfillmentStatus,
  type Order,
  OrderChangeKind,
  OrderState,
  PaymentStatus,
  RefundReason,
  RefundState,
  RestockPolicy,
} from "@souk/client/gen/souk/orders/v1/order_pb.js";
import { OrderService } from "@souk/client/gen/souk/orders/v1/order_service_pb.js";
import { SimulatorService } from "@souk/client/gen/souk/payments/simulator/v1alpha/simulator_service_pb.js";
import { DeclineCode } from "@souk/client/gen/souk/payments/v1/payment_pb.js";
import { PaymentService } from "@souk/client/gen/souk/payments/v1/payment_service_pb.js";

const TEA = "TEA-MINT-500"; // 23.90 GBP, all of it in the warehouse, `main`
const LANTERN = "LANTERN-BRASS"; // 64.50 GBP, in the shop too

const GUEST = "guest:typescript";
const USER = "user:typescript";

const address = process.argv[2] ?? "127.0.0.1:7300";
const ofGuest = connect(address, { as: GUEST });
const ofUser = connect(address, { as: USER });
const ofWarehouse = connect(address, { as: "staff:wes", scopes: ["orders.fulfill", "inventory.read", "inventory.write"] });
const ofSupport = connect(address, { as: "staff:sue", scopes: ["orders.refund"] });

const guest = createClient(OrderService, ofGuest);
const user = createClient(OrderService, ofUser);
const warehouse = createClient(OrderService, ofWarehouse);
const support = createClient(OrderService, ofSupport);
const stock = createClient(InventoryService, ofWarehouse);

/** Where an order is, in words: its three axes. */
function axes(order: Order): string {
  return [OrderState[order.state], PaymentStatus[order.paymentStatus], FulfillmentStatus[order.fulfillmentStatus]].join(" ");
}

/** Its totals: ordered, captured, canceled, paid back. */
function totals(order: Order): string[] {
  return [order.total, order.capturedTotal, order.canceledTotal, order.refundedTotal].map((amount) => {
    assert.ok(amount, "an order with prices has all of its totals");
    return money.format(amount);
  });
}

/** Units of each line: ordered, left, canceled, paid back, returned. */
function units(order: Order): number[][] {
  return order.lines.map((line) => [
    line.quantity,
    line.fulfilledQuantity,
    line.canceledQuantity,
    line.refundedQuantity,
    line.returnedQuantity,
  ]);
}

/** What is on hand of a sku at a location, and how much of that is promised. */
async function shelf(sku: string, locationId: string): Promise<number[]> {
  const { stock: found } = await stock.batchGetStock({ skus: [sku], locationId });
  return found.flatMap((one) => [one.onHand, one.reserved]);
}

/** Returns what a call is refused with. */
async function refusal(call: Promise<unknown>): Promise<SoukError> {
  const error: unknown = await call.then(
    () => assert.fail("it was not refused"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SoukError, String(error));
  return error;
}

/** Returns what must be there. */
function found<T>(thing: T | undefined): T {
  assert.ok(thing !== undefined);
  return thing;
}

/** Reads a list to its end. */
async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const one of list) read.push(one);
  return read;
}

// The lanterns of the warehouse were sold at the door: those that are left are in the shop.
await stock.adjustStock({ requestId: "sold-at-the-door", sku: LANTERN, locationId: "main", onHandChange: -22, note: "sold at the door" });

// The first card has no money. The order is kept, with its goods.
const purchase = {
  requestId: "typescript-journey",
  currencyCode: "GBP",
  paymentMethod: "tok_insufficient_funds",
  captureMethod: CaptureMethod.ON_FULFILLMENT,
  expectedTotal: money.parse("176.80 GBP"),
  contact: { emailAddress: "gina@example.com" },
  lines: [
    { item: { case: "sku" as const, value: TEA }, quantity: 2 },
    { item: { case: "sku" as const, value: LANTERN }, quantity: 2 },
  ],
};
const declined = await refusal(guest.placeOrder(purchase));
assert.equal(declined.reason, "ERROR_REASON_PAYMENT_METHOD_DECLINED");
assert.equal(declined.metadata["decline"], "DECLINE_CODE_INSUFFICIENT_FUNDS");
const orderId = found(declined.metadata["order_id"]);
const again = await refusal(guest.placeOrder(purchase));
assert.equal(again.metadata["order_id"], orderId, "the same request is the same order");

const kept = found((await guest.getOrder({ orderId })).order);
assert.equal(axes(kept), "PENDING UNPAID UNFULFILLED");
assert.deepEqual(totals(kept), ["176.80 GBP", "0.00 GBP", "0.00 GBP", "0.00 GBP"]);
assert.equal(kept.customerId, customerOf(GUEST));
assert.equal(kept.payments[0]?.decline, DeclineCode.INSUFFICIENT_FUNDS);
assert.deepEqual(await shelf(TEA, "main"), [120, 2]);
assert.deepEqual(await shelf(LANTERN, "shop"), [4, 2]);

// Nobody else can see it, or pay for it.
assert.equal((await refusal(user.getOrder({ orderId }))).reason, "ERROR_REASON_ORDER_NOT_FOUND");
assert.equal((await refusal(user.retryPayment({ orderId, paymentMethod: "tok_approved" }))).reason, "ERROR_REASON_ORDER_NOT_FOUND");

// The bank of the second card wants to ask its customer.
const waiting = found((await guest.retryPayment({ orderId, paymentMethod: "tok_requires_action" })).order);
assert.equal(axes(waiting), "PENDING ACTION_REQUIRED UNFULFILLED");
const { redirectUri } = found(waiting.paymentAction);
// A browser would be sent there; the button on that page calls this.
await createClient(SimulatorService, ofGuest).completeAction({ redirectUri, approve: true });
for await (const { change } of watch(guest.watchOrder, { orderId })) {
  if (change?.kind === OrderChangeKind.PLACED) break;
}
const placed = found((await guest.getOrder({ orderId })).order);
assert.equal(axes(placed), "PLACED AUTHORIZED UNFULFILLED");
assert.deepEqual(totals(placed), ["176.80 GBP", "0.00 GBP", "0.00 GBP", "0.00 GBP"]);
assert.equal(placed.paymentAction, undefined);

// Half of it leaves, a parcel from each location, and only that is captured.
const tea = await warehouse.createFulfillment({
  requestId: "tea",
  orderId,
  fulfillment: { locationId: "main", lines: [{ lineNumber: 1, quantity: 1 }], tracking: { carrier: "Royal Mail", trackingNumber: "RM1" } },
});
assert.equal(tea.fulfillment?.state, FulfillmentState.SHIPPED);
assert.equal(axes(found(tea.order)), "PLACED PARTIALLY_PAID PARTIALLY_FULFILLED");
assert.deepEqual(totals(found(tea.order)), ["176.80 GBP", "23.90 GBP", "0.00 GBP", "0.00 GBP"]);
const lantern = await warehouse.createFulfillment({
  requestId: "lantern",
  orderId,
  fulfillment: { locationId: "shop", lines: [{ lineNumber: 2, quantity: 1 }] },
});
assert.equal(axes(found(lantern.order)), "PLACED PARTIALLY_PAID PARTIALLY_FULFILLED");
assert.deepEqual(totals(found(lantern.order)), ["176.80 GBP", "88.40 GBP", "0.00 GBP", "0.00 GBP"]);
assert.deepEqual(await shelf(TEA, "main"), [119, 1]);
assert.deepEqual(await shelf(LANTERN, "shop"), [3, 1]);
const tooMuch = await refusal(
  warehouse.createFulfillment({ requestId: "more", orderId, fulfillment: { lines: [{ lineNumber: 2, quantity: 2 }] } }),
);
assert.equal(tooMuch.reason, "ERROR_REASON_EXCEEDS_OPEN_UNITS");
assert.equal(tooMuch.metadata["open"], "1");

// The rest is canceled, and never charged.
const rest = found(
  (
    await guest.cancelOrder({
      orderId,
      requestId: "rest",
      reason: CancelReason.CUSTOMER_REQUEST,
      lines: [
        { lineNumber: 1, quantity: 1 },
        { lineNumber: 2, quantity: 1 },
      ],
    })
  ).order,
);
assert.equal(axes(rest), "COMPLETED PAID FULFILLED");
assert.deepEqual(totals(rest), ["176.80 GBP", "88.40 GBP", "88.40 GBP", "0.00 GBP"]);
assert.deepEqual(await shelf(TEA, "main"), [119, 0]);
assert.deepEqual(await shelf(LANTERN, "shop"), [3, 0]);

// The lantern comes back to the shelf that it came from, and is paid back.
const back = await support.refundOrder({
  orderId,
  requestId: "back",
  reason: RefundReason.DEFECTIVE,
  lines: [{ lineNumber: 2, quantity: 1, restock: RestockPolicy.ALL }],
});
assert.equal(back.refund?.state, RefundState.SUCCEEDED);
assert.equal(axes(found(back.order)), "COMPLETED PARTIALLY_REFUNDED PARTIALLY_RETURNED");
assert.deepEqual(totals(found(back.order)), ["176.80 GBP", "88.40 GBP", "88.40 GBP", "64.50 GBP"]);
assert.deepEqual(units(found(back.order)), [
  [2, 1, 1, 0, 0],
  [2, 1, 1, 1, 1],
]);
assert.deepEqual(await shelf(LANTERN, "shop"), [4, 0]);

// The guest signs in, proves who it was, and finds all of it.
const orders = () => all(items((pageToken) => user.listOrders({ pageToken }), (page) => page.orders));
assert.deepEqual(await orders(), []);
const claim = { guestToken: developmentToken(GUEST) };
assert.equal((await user.claimGuestOrders(claim)).orderCount, 1);
assert.equal((await user.claimGuestOrders(claim)).orderCount, 1, "a repeat has the same response");
const [mine, ...others] = await orders();
assert.deepEqual(others, []);
assert.equal(found(mine).orderId, orderId);
assert.equal(found(mine).customerId, customerOf(USER));
assert.equal(axes(found(mine)), "COMPLETED PARTIALLY_REFUNDED PARTIALLY_RETURNED");
assert.deepEqual(totals(found(mine)), ["176.80 GBP", "88.40 GBP", "88.40 GBP", "64.50 GBP"]);
assert.equal(found(mine).contact?.emailAddress, "gina@example.com");
assert.deepEqual(
  found(mine).fulfillments.map((one) => [one.locationId, FulfillmentState[one.state], one.tracking?.trackingNumber ?? ""]),
  [
    ["main", "SHIPPED", "RM1"],
    ["shop", "SHIPPED", ""],
  ],
);
assert.deepEqual(
  found(mine).refunds.map((one) => [RefundReason[one.reason], money.format(found(one.amount)), one.actor?.id]),
  [["DEFECTIVE", "64.50 GBP", "sue"]],
);
assert.equal((await refusal(guest.getOrder({ orderId }))).reason, "ERROR_REASON_ORDER_NOT_FOUND");

const history = items((pageToken) => user.listOrderHistory({ orderId, pageToken }), (page) => page.changes);
const kinds = (await all(history)).map((change) => OrderChangeKind[change.kind]);
assert.deepEqual(kinds, [
  "CREATED",
  "PRICED",
  "PAYMENT_METHOD_DECLINED",
  "PAYMENT_RETRIED",
  "PAYMENT_ACTION_REQUIRED",
  "PLACED",
  ...["FULFILL_STARTED", "PARTIALLY_PAID", "PARTIALLY_FULFILLED"],
  ...["FULFILL_STARTED", "PARTIALLY_PAID", "PARTIALLY_FULFILLED"],
  "CANCEL_STARTED",
  "LINES_CANCELED",
  "REFUND_STARTED",
  "REFUND_SUCCEEDED",
  "CUSTOMER_CHANGED",
]);

// Payments follows the claim by an event, a moment later.
const payments = createClient(PaymentService, ofUser);
const paymentId = found(found(mine).payments[0]).paymentId;
for (const until = Date.now() + 30_000; ; await delay(50)) {
  const payment = await payments.getPayment({ paymentId }).catch((reason: unknown) => SoukError.from(reason));
  if (payment instanceof SoukError) {
    assert.equal(payment.reason, "ERROR_REASON_PAYMENT_NOT_FOUND");
    assert.ok(Date.now() < until, "payments does not follow the claim");
    continue;
  }
  const { authorized, captured, refunded } = found(payment.payment);
  assert.deepEqual([authorized, captured, refunded].map((amount) => money.format(found(amount))), ["88.40 GBP", "88.40 GBP", "64.50 GBP"]);
  break;
}

console.log(orderId, axes(found(mine)));
for (const connection of [ofGuest, ofUser, ofWarehouse, ofSupport]) connection.close();
