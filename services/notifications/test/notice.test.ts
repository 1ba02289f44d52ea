/** Who is notified of which event, and what about. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { create, toBinary, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { TimestampSchema, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";

import {
  DeclineCode,
  FulfillmentState,
  NotificationKind as Kind,
  OrderClosureReason,
  OrderCanceledSchema,
  OrderFulfilledSchema,
  OrderFulfillmentDeliveredSchema,
  OrderFulfillmentUpdatedSchema,
  OrderLinesCanceledSchema,
  OrderPaidSchema,
  OrderPartiallyFulfilledSchema,
  OrderPaymentReversedSchema,
  OrderPlacedSchema,
  OrderRefundReversedSchema,
  OrderRefundedSchema,
  OrderRejectedSchema,
  PaymentChangedSchema,
  PaymentRefundState,
  PaymentRefundedSchema,
  PaymentState,
  RefundState,
  StockChangedSchema,
} from "#src/contract.js";
import { noticesOf, notifiedTypes, type Notice } from "#src/notice.js";
import { allKinds } from "#src/template.js";
import { ALICE, order } from "./support.js";

const gbp = (minorUnits: bigint) => ({ currencyCode: "GBP", minorUnits });

function notices<S extends DescMessage>(schema: S, message: MessageInitShape<S>) {
  return noticesOf(schema.typeName, toBinary(schema, create(schema, message)));
}

test("every event of an order's life notifies its customer", () => {
  const events = [
    [OrderPlacedSchema, Kind.ORDER_PLACED],
    [OrderRejectedSchema, Kind.ORDER_REJECTED],
    [OrderPaidSchema, Kind.ORDER_PAID],
    [OrderCanceledSchema, Kind.ORDER_CANCELED],
    [OrderFulfilledSchema, Kind.ORDER_FULFILLED],
  ] as const;
  for (const [schema, kind] of events) {
    const found = notices(schema, { order: order("alice") });
    assert.deepEqual(found.map((notice) => [notice.kind, notice.customer, notice.subject]), [[kind, ALICE, "order_01h455vb4pex5vsknk084sn02q"]]);
  }
});

test("nobody is notified of a guest's order", () => {
  assert.deepEqual(notices(OrderPlacedSchema, { order: order("") }), []);
  assert.deepEqual(notices(OrderPlacedSchema, {}), []);
});

test("a refund notifies when the money has gone back, and through payments when it could not", () => {
  const refund = (state: RefundState) => notices(OrderRefundedSchema, { order: order("alice"), refund: { refundId: "r", state, amount: gbp(990n) } });
  assert.deepEqual(refund(RefundState.SUCCEEDED).map(({ kind, facts }) => [kind, facts.refund?.amount]), [[Kind.ORDER_REFUNDED, { currency: "GBP", minor: 990n }]]);
  assert.deepEqual(refund(RefundState.FAILED), []);

  const failed = (state: PaymentRefundState) =>
    notices(PaymentRefundedSchema, { payment: { paymentId: "p", orderId: "o", customerId: "alice" }, refund: { state, amount: gbp(990n) } });
  assert.deepEqual(failed(PaymentRefundState.FAILED).map(({ kind, subject }) => [kind, subject]), [[Kind.REFUND_FAILED, "o"]]);
  assert.deepEqual(failed(PaymentRefundState.SUCCEEDED), []);
});

test("goods that leave in parts notify of what left, each with its tracking", () => {
  const tracking = { carrier: "dhl", trackingNumber: "123", trackingUri: "https://carrier.example/123" };
  const fulfillment = { lines: [{ lineNumber: 1, quantity: 1 }], lineCount: 1, tracking };
  const facts = { lines: [{ title: "Tea towel <blue & white>", sku: "TOWEL-1", quantity: 1 }], more_lines: 0, tracking: { carrier: "dhl", number: "123", uri: "https://carrier.example/123" } };
  for (const [schema, kind] of [
    [OrderPartiallyFulfilledSchema, Kind.ORDER_PARTIALLY_FULFILLED],
    [OrderFulfilledSchema, Kind.ORDER_FULFILLED],
    [OrderFulfillmentUpdatedSchema, Kind.ORDER_FULFILLMENT_UPDATED],
    [OrderFulfillmentDeliveredSchema, Kind.ORDER_FULFILLMENT_DELIVERED],
  ] as const) {
    for (const fulfillmentCount of [1, 2]) {
      const found = notices(schema, { order: order("alice", { fulfillmentCount }), fulfillment });
      assert.deepEqual(found.map((one) => [one.kind, one.orderId, one.facts.parcel]), [[kind, "order_01h455vb4pex5vsknk084sn02q", { ...facts, is_not_first: fulfillmentCount > 1 }]]);
    }
  }
  // An event of an earlier version, of an order that could only leave as a whole.
  assert.deepEqual(notices(OrderFulfilledSchema, { order: order("alice") }).map(({ facts }) => facts.parcel), [undefined]);
  assert.deepEqual(notices(OrderPartiallyFulfilledSchema, { order: order("alice") }), []);
});

test("tracking notifies when there is something to follow, and its link is one of https", () => {
  const updated = (fulfillment: MessageInitShape<typeof OrderFulfillmentUpdatedSchema>["fulfillment"]) =>
    notices(OrderFulfillmentUpdatedSchema, { order: order("alice"), fulfillment }).map(({ facts }) => facts.parcel?.tracking);
  assert.deepEqual(updated({ tracking: { trackingNumber: "123" } }), [{ carrier: "", number: "123", uri: "" }]);
  assert.deepEqual(updated({}), []);
  assert.deepEqual(updated({ tracking: {} }), []);
  assert.deepEqual(updated({ tracking: { trackingNumber: "123" }, state: FulfillmentState.DELIVERED }), []);
  for (const trackingUri of ["javascript:alert(1)", "http://carrier.example", "https://a b", "https://"]) {
    assert.deepEqual(updated({ tracking: { carrier: "dhl", trackingUri } }), [{ carrier: "dhl", number: "", uri: "" }], trackingUri);
    assert.deepEqual(updated({ tracking: { trackingUri } }), [], trackingUri);
  }
});

test("units that were canceled are named, and those whose line the event does not have are counted", () => {
  const lines = [{ lineNumber: 2, quantity: 1 }, { lineNumber: 201, quantity: 3 }];
  const [notice] = notices(OrderLinesCanceledSchema, { order: order("alice"), lines, lineCount: 5 });
  assert.equal(notice?.kind, Kind.ORDER_LINES_CANCELED);
  assert.deepEqual(notice?.facts.canceled, { lines: [{ title: "Enamel mug", sku: "MUG-7", quantity: 1 }], more_lines: 4 });
});

test("money that a provider took back notifies once: of an order through orders, else through payments", () => {
  const [refund] = notices(OrderRefundReversedSchema, { order: order("alice"), refund: { state: RefundState.FAILED, amount: gbp(990n) } });
  assert.deepEqual([refund?.kind, refund?.facts.refund?.amount], [Kind.ORDER_REFUND_REVERSED, { currency: "GBP", minor: 990n }]);
  const [payment] = notices(OrderPaymentReversedSchema, { order: order("alice"), amount: gbp(2240n) });
  assert.deepEqual([payment?.kind, payment?.facts.reversal?.amount], [Kind.ORDER_PAYMENT_REVERSED, { currency: "GBP", minor: 2240n }]);

  const failed = (orderId: string, previousState: PaymentRefundState) =>
    notices(PaymentRefundedSchema, { payment: { paymentId: "p", orderId, customerId: "alice" }, refund: { state: PaymentRefundState.FAILED }, previousState }).map(({ kind }) => kind);
  assert.deepEqual(failed("o", PaymentRefundState.SUCCEEDED), []);
  assert.deepEqual(failed("", PaymentRefundState.SUCCEEDED), [Kind.REFUND_FAILED]);
  assert.deepEqual(failed("o", PaymentRefundState.PENDING), [Kind.REFUND_FAILED]);
});

test("a part of a payment and a change of an order notify no customer", () => {
  for (const type of ["souk.orders.v1.OrderPartiallyPaid", "souk.orders.v1.OrderUpdated"]) assert.equal(notifiedTypes().has(type), false, type);
});

test("a payment notifies when it was declined and when it waits for the customer, and not otherwise", () => {
  const of = (state: PaymentState, code?: DeclineCode) =>
    notices(PaymentChangedSchema, { payment: { paymentId: "p", customerId: "alice", state, ...(code === undefined ? {} : { decline: { code } }) } });
  const changed = (state: PaymentState, code?: DeclineCode) => of(state, code).map(({ kind }) => kind);
  assert.deepEqual(changed(PaymentState.REQUIRES_PAYMENT_METHOD, DeclineCode.INSUFFICIENT_FUNDS), [Kind.PAYMENT_FAILED]);
  const words = [DeclineCode.INSUFFICIENT_FUNDS, DeclineCode.UNSPECIFIED, 9999].map((code) => of(PaymentState.REQUIRES_PAYMENT_METHOD, code)[0]?.facts.payment?.decline);
  assert.deepEqual(words, ["insufficient_funds", "", ""]);
  assert.deepEqual(changed(PaymentState.REQUIRES_PAYMENT_METHOD), []);
  assert.deepEqual(changed(PaymentState.REQUIRES_ACTION), [Kind.PAYMENT_ACTION_REQUIRED]);
  for (const state of [PaymentState.PROCESSING, PaymentState.REQUIRES_CAPTURE, PaymentState.SUCCEEDED, PaymentState.CANCELED]) {
    assert.deepEqual(changed(state, DeclineCode.GENERIC), []);
  }
});

test("the age of an event is its own: what is old is not the sale but the event, unless history is imported", () => {
  const hours = (count: number) => timestampFromDate(new Date(Date.UTC(2026, 2, 1) - count * 3_600_000));
  const old = order("alice", { createTime: hours(73), effectiveTime: hours(73) });
  const importedOrder = order("alice", { createTime: hours(0), effectiveTime: hours(73) });
  const happened = (notices: Notice[]) => notices.map((notice) => notice.happened?.getTime());

  // Placed long ago, and something happens now: the event says when.
  for (const schema of [OrderPaidSchema, OrderFulfilledSchema, OrderCanceledSchema]) assert.deepEqual(happened(notices(schema, { order: old })), [undefined]);
  assert.deepEqual(happened(notices(OrderFulfilledSchema, { order: importedOrder })), [undefined]);
  const late = { payment: { paymentId: "p", customerId: "alice", state: PaymentState.REQUIRES_ACTION, createTime: hours(73), effectiveTime: hours(73) } };
  assert.deepEqual(happened(notices(PaymentChangedSchema, late)), [undefined]);

  // A parcel that arrives now left some days ago.
  const parcel = { createTime: hours(73), effectiveTime: hours(73), updateTime: hours(0), deliveryTime: hours(0) };
  assert.deepEqual(happened(notices(OrderFulfillmentDeliveredSchema, { order: old, fulfillment: parcel })), [undefined]);

  // Imported: when it happened in the world.
  const then = timestampDate(hours(73)).getTime();
  for (const schema of [OrderPlacedSchema, OrderPaidSchema, OrderLinesCanceledSchema]) assert.deepEqual(happened(notices(schema, { order: importedOrder })), [then]);
  const importedParcel = { createTime: hours(0), effectiveTime: hours(73), updateTime: hours(0), deliveryTime: hours(73) };
  for (const schema of [OrderPartiallyFulfilledSchema, OrderFulfillmentDeliveredSchema]) {
    assert.deepEqual(happened(notices(schema, { order: importedOrder, fulfillment: importedParcel })), [then]);
  }
  for (const schema of [OrderFulfilledSchema, OrderCanceledSchema]) {
    assert.deepEqual(happened(notices(schema, { order: importedOrder, effectiveTime: hours(73) })), [then]);
  }
});

test("a time that no calendar has is an error, wherever in the payload it is", () => {
  const never = create(TimestampSchema, { seconds: 9223372036854775807n });
  assert.throws(() => notices(OrderPlacedSchema, { order: order("alice", { effectiveTime: never }) }), RangeError);
  assert.throws(() => notices(OrderFulfilledSchema, { order: order("alice"), effectiveTime: never }), RangeError);
  const movement = { onHandChange: 5, effectiveTime: create(TimestampSchema, { nanos: -1 }) };
  assert.throws(() => notices(StockChangedSchema, { stock: { sku: "MUG-7", onHand: 5 }, movement }), RangeError);
});

test("an e-mail about stock that an earlier version has begun can still be written, and notifies nobody", () => {
  const [notice] = notices(StockChangedSchema, { stock: { sku: "MUG-7", onHand: 5, reserved: 1 }, movement: { onHandChange: 5 } });
  assert.deepEqual([notice?.kind, notice?.customer, notice?.facts.stock], [Kind.BACK_IN_STOCK, "", { sku: "MUG-7", available: 4 }]);
});

test("long orders are cut, and say so", () => {
  const lines = Array.from({ length: 60 }, (_, index) => ({ lineNumber: index + 1, sku: `S${index}`, quantity: 1 }));
  const [notice] = notices(OrderPlacedSchema, { order: { orderId: "o", customerId: "alice", lines } });
  assert.equal(notice?.facts.order?.lines.length, 50);
  assert.equal(notice?.facts.order?.more_lines, 10);
  assert.equal(notice?.facts.order?.lines[0]?.title, "S0");
});

test("an order is called by its reference or its number, and says why it ended and what is not of its lines", () => {
  const facts = (more: MessageInitShape<typeof OrderRejectedSchema>["order"]) =>
    notices(OrderRejectedSchema, { order: { orderId: "order_1", customerId: "alice", ...more } })[0]?.facts.order;
  assert.equal(facts({ reference: "INV-1", orderNumber: "1042" })?.name, "INV-1");
  assert.equal(facts({ orderNumber: "1042" })?.name, "1042");
  assert.equal(facts({})?.name, "order_1");
  assert.equal(facts({ closureReason: OrderClosureReason.OUT_OF_STOCK })?.reason, "out_of_stock");
  assert.deepEqual([facts({})?.reason, facts({ closureReason: 9999 as OrderClosureReason })?.reason], ["", ""]);

  const totals = { shippingTotal: gbp(390n), discountTotal: gbp(0n), taxTotal: gbp(100n) };
  assert.deepEqual([facts(totals)?.shipping, facts(totals)?.discount, facts(totals)?.tax], [{ currency: "GBP", minor: 390n }, null, { currency: "GBP", minor: 100n }]);
  assert.equal(facts({ ...totals, taxIncluded: true })?.tax, null);
  const line = { sku: "MUG-7", quantity: 2, unitPrice: gbp(500n) };
  const amounts = facts({ lines: [line, { ...line, total: gbp(900n) }] })?.lines.map(({ amount }) => amount?.minor);
  assert.deepEqual(amounts, [1000n, 900n]);
});

test("an event without a rule leads to no notice, and what cannot be read is an error", () => {
  assert.deepEqual(noticesOf("souk.new.v1.Thing", new Uint8Array([255])), []);
  assert.throws(() => noticesOf("souk.orders.v1.OrderPlaced", new Uint8Array([255, 255, 255])));
});

test("every kind of the contract comes of some event", () => {
  const kinds = new Set([...notifiedTypes().values()].flat());
  // The additional one is sent when an address is set.
  assert.deepEqual([...kinds, Kind.EMAIL_CONFIRMATION].sort((a, b) => a - b), allKinds().sort((a, b) => a - b));
});
