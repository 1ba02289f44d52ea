/**
 * What is told of which event, and to whom. Pure: an event in, notices out.
 *
 * A new kind is one line in TOLD, one folder in templates/ and one value of the contract's enum.
 */
import { fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";

import {
  NotificationKind as Kind,
  OrderCanceledSchema,
  OrderFulfilledSchema,
  OrderPaidSchema,
  OrderPlacedSchema,
  OrderRefundedSchema,
  OrderRejectedSchema,
  PaymentChangedSchema,
  PaymentRefundState,
  PaymentRefundedSchema,
  PaymentState,
  RefundState,
  StockChangedSchema,
  type Order,
  type Payment,
} from "./contract.js";
import { orderFacts, paymentFacts, refundFacts, stockFacts, type Facts } from "./facts.js";

/** Who is told: one account, or every account that watches a sku. */
export type Audience = { account: string } | { watching: string };

/** One thing to tell. */
export interface Notice {
  kind: Kind;
  audience: Audience;
  /** What the templates may say. */
  facts: Facts;
  /** What it is about: an order's id, a sku. */
  subject: string;
  /** When it happened in the world; imported history lies far back. Undefined: when the event says. */
  happened: Date | undefined;
}

interface Told {
  /** The kinds that may come of it. */
  kinds: readonly Kind[];
  read: (data: Uint8Array) => Notice[];
}

const TOLD = new Map<string, Told>([
  told(OrderPlacedSchema, [Kind.ORDER_PLACED], ({ order }) => ofOrder(Kind.ORDER_PLACED, order)),
  told(OrderRejectedSchema, [Kind.ORDER_REJECTED], ({ order }) => ofOrder(Kind.ORDER_REJECTED, order)),
  told(OrderPaidSchema, [Kind.ORDER_PAID], ({ order }) => ofOrder(Kind.ORDER_PAID, order)),
  told(OrderCanceledSchema, [Kind.ORDER_CANCELED], ({ order }) => ofOrder(Kind.ORDER_CANCELED, order)),
  told(OrderFulfilledSchema, [Kind.ORDER_FULFILLED], ({ order }) => ofOrder(Kind.ORDER_FULFILLED, order)),
  told(OrderRefundedSchema, [Kind.ORDER_REFUNDED], ({ order, refund }) => {
    // A refund that failed is told by payments, which knows it first.
    if (refund?.state !== RefundState.SUCCEEDED) return [];
    const notices = ofOrder(Kind.ORDER_REFUNDED, order, refund.effectiveTime);
    return notices.map((notice) => ({ ...notice, facts: { ...notice.facts, refund: refundFacts(refund.amount) } }));
  }),
  told(PaymentChangedSchema, [Kind.PAYMENT_FAILED, Kind.PAYMENT_ACTION_REQUIRED], ({ payment }) => {
    if (payment?.state === PaymentState.REQUIRES_ACTION) return ofPayment(Kind.PAYMENT_ACTION_REQUIRED, payment);
    const declined = payment?.state === PaymentState.REQUIRES_PAYMENT_METHOD && payment.decline !== "";
    return declined ? ofPayment(Kind.PAYMENT_FAILED, payment) : [];
  }),
  told(PaymentRefundedSchema, [Kind.REFUND_FAILED], ({ payment, refund }) => {
    if (payment === undefined || refund?.state !== PaymentRefundState.FAILED) return [];
    const notices = ofPayment(Kind.REFUND_FAILED, payment, refund.effectiveTime);
    return notices.map((notice) => ({ ...notice, facts: { ...notice.facts, refund: refundFacts(refund.amount) } }));
  }),
  told(StockChangedSchema, [Kind.BACK_IN_STOCK], ({ stock, movement }) => {
    if (stock === undefined || movement === undefined) return [];
    const available = stock.onHand - stock.reserved;
    const before = available - movement.onHandChange;
    if (before > 0n || available <= 0n) return [];
    return [
      {
        kind: Kind.BACK_IN_STOCK,
        audience: { watching: stock.sku },
        facts: { stock: stockFacts(stock.sku, available) },
        subject: stock.sku,
        happened: dateOf(movement.effectiveTime),
      },
    ];
  }),
]);

/** Returns what customers are told of an event; nothing for a type that this service does not tell of. Throws when `data` is no message of the type. */
export function noticesOf(type: string, data: Uint8Array): Notice[] {
  return TOLD.get(type)?.read(data) ?? [];
}

/** Returns the event types that customers may be told of, with the kinds that may come of each. */
export function toldTypes(): ReadonlyMap<string, readonly Kind[]> {
  return new Map([...TOLD].map(([type, { kinds }]) => [type, kinds]));
}

function told<S extends DescMessage>(
  schema: S,
  kinds: readonly Kind[],
  notices: (message: MessageShape<S>) => Notice[],
): [string, Told] {
  return [schema.typeName, { kinds, read: (data) => notices(fromBinary(schema, data)) }];
}

/** A guest's order has nobody to tell. */
function ofOrder(kind: Kind, order: Order | undefined, happened = order?.effectiveTime): Notice[] {
  if (order === undefined || order.customerId === "") return [];
  const facts = { order: orderFacts(order) };
  return [{ kind, audience: { account: order.customerId }, facts, subject: order.orderId, happened: dateOf(happened) }];
}

function ofPayment(kind: Kind, payment: Payment, happened = payment.effectiveTime): Notice[] {
  if (payment.customerId === "") return [];
  const subject = payment.orderId === "" ? payment.paymentId : payment.orderId;
  const facts = { payment: paymentFacts(payment) };
  return [{ kind, audience: { account: payment.customerId }, facts, subject, happened: dateOf(happened) }];
}

function dateOf(time: Timestamp | undefined): Date | undefined {
  return time === undefined ? undefined : timestampDate(time);
}
