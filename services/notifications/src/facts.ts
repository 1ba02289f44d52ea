/**
 * What templates may say: plain data with names of its own, so that a template does not depend on the contract's messages
 * and shows nothing that was not meant to be shown.
 */
import type { Money, Order, Payment } from "./contract.js";

/** An amount in minor units; the template filter `money` writes it for people. */
export interface Amount {
  currency: string;
  minor: bigint;
}

/** What a template may say of an order. */
export interface OrderFacts {
  id: string;
  /** The customer's own name for it when there is one, else its id. */
  name: string;
  lines: { title: string; sku: string; quantity: bigint; unit_price: Amount | null; amount: Amount | null }[];
  /** How many lines are not shown, because a message is no place for a thousand. */
  more_lines: number;
  total: Amount | null;
  refunded: Amount | null;
  /** Why it was rejected or cancelled, in lower case: `out_of_stock`. Empty otherwise. */
  reason: string;
}

/** What a template may say of a payment. */
export interface PaymentFacts {
  id: string;
  order_id: string;
  amount: Amount | null;
  /** Why the provider declined, such as `insufficient_funds`. */
  decline: string;
  /** Where the customer confirms; empty unless it leads to the shop or to a host that it names. */
  action_url: string;
}

/** All of it; each kind has a part. */
export interface Facts {
  order?: OrderFacts;
  payment?: PaymentFacts;
  refund?: { amount: Amount | null };
  stock?: { sku: string; available: bigint };
  /** The code that confirms an address, and for how long it is good. */
  confirmation?: { code: string; hours: number };
}

const MOST_LINES = 50;

/** Returns what a template may say of an order. */
export function orderFacts(order: Order): OrderFacts {
  const lines = order.lines.slice(0, MOST_LINES).map((line) => ({
    title: line.title === "" ? line.sku : line.title,
    sku: line.sku,
    quantity: line.quantity,
    unit_price: amountOf(line.unitPrice),
    amount: times(line.unitPrice, line.quantity),
  }));
  return {
    id: order.orderId,
    name: order.reference === "" ? order.orderId : order.reference,
    lines,
    // An event has the first lines of a long order only.
    more_lines: Math.max(order.lineCount, order.lines.length) - lines.length,
    total: amountOf(order.total),
    refunded: amountOf(order.refunded),
    reason: order.reason.replace(/^ERROR_REASON_/, "").toLowerCase(),
  };
}

/** Returns what a template may say of a payment. */
export function paymentFacts(payment: Payment): PaymentFacts {
  return {
    id: payment.paymentId,
    order_id: payment.orderId,
    amount: amountOf(payment.amount),
    decline: payment.decline,
    action_url: payment.actionUrl,
  };
}

/** Returns what a template may say of a refund. */
export function refundFacts(amount: Money | undefined): { amount: Amount | null } {
  return { amount: amountOf(amount) };
}

/** Returns what a template may say of a stock; `available` is in units. */
export function stockFacts(sku: string, available: bigint): { sku: string; available: bigint } {
  return { sku, available };
}

function amountOf(money: Money | undefined): Amount | null {
  return money === undefined ? null : { currency: money.currencyCode, minor: money.minorUnits };
}

function times(money: Money | undefined, quantity: bigint): Amount | null {
  return money === undefined ? null : { currency: money.currencyCode, minor: money.minorUnits * quantity };
}
