/**
 * Who is notified of which event, and what about. Pure: an event in, notices out.
 *
 * A new kind is one line in RULES, one folder in templates/ and one value of the contract's enum.
 */
import { fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";

import {
  FulfillmentState,
  NotificationKind as Kind,
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
  WishlistItemPriceReducedSchema,
  WishlistItemRestockedSchema,
  type Fulfillment,
  type Order,
  type Payment,
} from "./contract.js";
import { moneyFacts, orderFacts, parcelFacts, paymentFacts, priceFacts, unitsFacts, type Facts } from "./facts.js";
import { dateOf } from "./time.js";

/** One thing to notify a customer of. */
export interface Notice {
  kind: Kind;
  /** Who is notified; empty: nobody. */
  customer: string;
  /** What the templates may say. */
  facts: Facts;
  /** What it is about: an order's id, a sku. */
  subject: string;
  /** The order that it is about, which says where its e-mail goes; empty when it is about none. */
  orderId: string;
  /** The language and region in which the customer bought, when the event says it. */
  locale: string;
  /** When it happened in the world, of imported history. Undefined: when the event says, however old what it is about may be. */
  happened: Date | undefined;
}

/** The notices of one type of event. */
interface Rule {
  /** The kinds that it may lead to. */
  kinds: readonly Kind[];
  read: (data: Uint8Array) => Notice[];
}

/** What was recorded so long after it happened is imported history: no process takes as long to write down a sale of now. */
const IMPORTED_AFTER_MS = 3_600_000;

const RULES = new Map<string, Rule>([
  rule(OrderPlacedSchema, [Kind.ORDER_PLACED], ({ order }) => ofOrder(Kind.ORDER_PLACED, order, imported(order))),
  rule(OrderRejectedSchema, [Kind.ORDER_REJECTED], ({ order }) => ofOrder(Kind.ORDER_REJECTED, order, imported(order))),
  rule(OrderPaidSchema, [Kind.ORDER_PAID], ({ order }) => ofOrder(Kind.ORDER_PAID, order, imported(order))),
  rule(OrderCanceledSchema, [Kind.ORDER_CANCELED], ({ order, effectiveTime }) => ofOrder(Kind.ORDER_CANCELED, order, date(effectiveTime))),
  rule(OrderLinesCanceledSchema, [Kind.ORDER_LINES_CANCELED], ({ order, lines, lineCount }) =>
    ofOrder(Kind.ORDER_LINES_CANCELED, order, imported(order), (it) => ({ canceled: unitsFacts(it, lines, lineCount) })),
  ),
  rule(OrderPartiallyFulfilledSchema, [Kind.ORDER_PARTIALLY_FULFILLED], ({ order, fulfillment }) =>
    ofParcel(Kind.ORDER_PARTIALLY_FULFILLED, order, fulfillment, imported(fulfillment)),
  ),
  rule(OrderFulfilledSchema, [Kind.ORDER_FULFILLED], ({ order, fulfillment, effectiveTime }) => {
    // Events of earlier versions do not say what left: it was all of the order.
    if (fulfillment === undefined) return ofOrder(Kind.ORDER_FULFILLED, order, date(effectiveTime));
    return ofParcel(Kind.ORDER_FULFILLED, order, fulfillment, date(effectiveTime));
  }),
  rule(OrderFulfillmentUpdatedSchema, [Kind.ORDER_FULFILLMENT_UPDATED], ({ order, fulfillment }) => {
    // There is nothing to follow any more, or not yet.
    if (fulfillment?.state === FulfillmentState.DELIVERED) return [];
    const notices = ofParcel(Kind.ORDER_FULFILLMENT_UPDATED, order, fulfillment, undefined);
    return notices.filter(({ facts }) => facts.parcel?.tracking != null);
  }),
  rule(OrderFulfillmentDeliveredSchema, [Kind.ORDER_FULFILLMENT_DELIVERED], ({ order, fulfillment }) => {
    const happened = imported({ createTime: fulfillment?.updateTime, effectiveTime: fulfillment?.deliveryTime });
    return ofParcel(Kind.ORDER_FULFILLMENT_DELIVERED, order, fulfillment, happened);
  }),
  rule(OrderRefundedSchema, [Kind.ORDER_REFUNDED], ({ order, refund }) => {
    // A refund that failed comes from payments, which knows it first.
    if (refund?.state !== RefundState.SUCCEEDED) return [];
    return ofOrder(Kind.ORDER_REFUNDED, order, imported(refund), () => ({ refund: moneyFacts(refund.amount) }));
  }),
  rule(OrderRefundReversedSchema, [Kind.ORDER_REFUND_REVERSED], ({ order, refund }) =>
    ofOrder(Kind.ORDER_REFUND_REVERSED, order, undefined, () => ({ refund: moneyFacts(refund?.amount) })),
  ),
  rule(OrderPaymentReversedSchema, [Kind.ORDER_PAYMENT_REVERSED], ({ order, amount }) =>
    ofOrder(Kind.ORDER_PAYMENT_REVERSED, order, undefined, () => ({ reversal: moneyFacts(amount) })),
  ),
  rule(PaymentChangedSchema, [Kind.PAYMENT_FAILED, Kind.PAYMENT_ACTION_REQUIRED], ({ payment }) => {
    if (payment?.state === PaymentState.REQUIRES_ACTION) return ofPayment(Kind.PAYMENT_ACTION_REQUIRED, payment, imported(payment));
    const declined = payment?.state === PaymentState.REQUIRES_PAYMENT_METHOD && payment.decline !== undefined;
    return declined ? ofPayment(Kind.PAYMENT_FAILED, payment, imported(payment)) : [];
  }),
  rule(PaymentRefundedSchema, [Kind.REFUND_FAILED], ({ payment, refund, previousState }) => {
    if (payment === undefined || refund?.state !== PaymentRefundState.FAILED) return [];
    // One of an order that was taken back later comes from orders, which said before that it had succeeded.
    if (previousState === PaymentRefundState.SUCCEEDED && payment.orderId !== "") return [];
    const notices = ofPayment(Kind.REFUND_FAILED, payment, imported(refund));
    return notices.map((notice) => ({ ...notice, facts: { ...notice.facts, refund: moneyFacts(refund.amount) } }));
  }),
  rule(WishlistItemRestockedSchema, [Kind.BACK_IN_STOCK], ({ customerId, sku, availableCount, restockTime }) =>
    ofSku(Kind.BACK_IN_STOCK, customerId, sku, date(restockTime), { stock: { sku, available: availableCount } }),
  ),
  rule(WishlistItemPriceReducedSchema, [Kind.PRICE_REDUCED], ({ customerId, sku, unitPrice, previousUnitPrice, changeTime }) =>
    ofSku(Kind.PRICE_REDUCED, customerId, sku, date(changeTime), { price: priceFacts(sku, unitPrice, previousUnitPrice) }),
  ),
  // For the e-mails that an earlier version has begun; customers are notified by the events of wishlists.
  rule(StockChangedSchema, [], ({ stock, movement }) => {
    if (stock === undefined || movement === undefined) return [];
    return ofSku(Kind.BACK_IN_STOCK, "", stock.sku, imported(movement), { stock: { sku: stock.sku, available: stock.onHand - stock.reserved } });
  }),
]);

/** Returns what customers are notified of after an event; nothing for a type without a rule. Throws when `data` is no message of the type. */
export function noticesOf(type: string, data: Uint8Array): Notice[] {
  return RULES.get(type)?.read(data) ?? [];
}

/** Returns the event types that customers are notified of, with the kinds that each may lead to. */
export function notifiedTypes(): ReadonlyMap<string, readonly Kind[]> {
  return new Map([...RULES].map(([type, { kinds }]) => [type, kinds]));
}

function rule<S extends DescMessage>(
  schema: S,
  kinds: readonly Kind[],
  notices: (message: MessageShape<S>) => Notice[],
): [string, Rule] {
  return [schema.typeName, { kinds, read: (data) => notices(fromBinary(schema, data)) }];
}

/** A sale without a customer, such as at a point of sale, notifies no one. */
function ofOrder(kind: Kind, order: Order | undefined, happened: Date | undefined, more: (order: Order) => Facts = () => ({})): Notice[] {
  if (order === undefined || order.customerId === "") return [];
  const facts = { order: orderFacts(order), ...more(order) };
  const { customerId: customer, orderId, locale } = order;
  return [{ kind, customer, facts, subject: orderId, orderId, locale, happened }];
}

/** Goods that no event says anything of lead to no notice. */
function ofParcel(kind: Kind, order: Order | undefined, parcel: Fulfillment | undefined, happened: Date | undefined): Notice[] {
  if (parcel === undefined) return [];
  return ofOrder(kind, order, happened, (it) => ({ parcel: parcelFacts(it, parcel) }));
}

function ofPayment(kind: Kind, payment: Payment, happened: Date | undefined): Notice[] {
  if (payment.customerId === "") return [];
  const subject = payment.orderId === "" ? payment.paymentId : payment.orderId;
  const facts = { payment: paymentFacts(payment) };
  const { customerId: customer, orderId } = payment;
  return [{ kind, customer, facts, subject, orderId, locale: "", happened }];
}

function ofSku(kind: Kind, customer: string, sku: string, happened: Date | undefined, facts: Facts): Notice[] {
  return [{ kind, customer, facts, subject: sku, orderId: "", locale: "", happened }];
}

/** Returns when something happened that was recorded long after; undefined when it was recorded as it happened. */
function imported(what: { createTime?: Timestamp | undefined; effectiveTime?: Timestamp | undefined } | undefined): Date | undefined {
  const [recorded, happened] = [date(what?.createTime), date(what?.effectiveTime)];
  if (recorded === undefined || happened === undefined) return happened;
  return recorded.getTime() - happened.getTime() > IMPORTED_AFTER_MS ? happened : undefined;
}

function date(time: Timestamp | undefined): Date | undefined {
  return time === undefined ? undefined : dateOf(time);
}
