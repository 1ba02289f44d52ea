/**
 * What templates may say: plain data with names of its own, so that a template does not depend on the contract's messages
 * and shows nothing that was not meant to be shown.
 */
import { DeclineCode, OrderClosureReason, type Fulfillment, type FulfillmentLine, type Money, type Order, type Payment, type Tracking } from "./contract.js";

/** An amount in minor units; the template filter `money` writes it for people. */
export interface Amount {
  currency: string;
  minor: bigint;
}

/** What a template may say of an order. */
export interface OrderFacts {
  id: string;
  /** What people call it: its own reference when there is one, else its number. */
  name: string;
  lines: { title: string; sku: string; quantity: number; unit_price: Amount | null; amount: Amount | null }[];
  /** How many lines are not shown, because a message is no place for a thousand. */
  more_lines: number;
  /** What is taken off and added besides the lines; null when it is nothing. */
  discount: Amount | null;
  shipping: Amount | null;
  tax: Amount | null;
  total: Amount | null;
  refunded: Amount | null;
  /** Why it was rejected or canceled, in lower case: `out_of_stock`. Empty otherwise. */
  reason: string;
}

/** What a template may say of a payment. */
export interface PaymentFacts {
  id: string;
  order_id: string;
  amount: Amount | null;
  /** Why the provider declined, such as `insufficient_funds`. */
  decline: string;
}

/** What a template may say of some units of an order. */
export interface UnitsFacts {
  lines: { title: string; sku: string; quantity: number }[];
  /** How many lines are not shown. */
  more_lines: number;
}

/** What a template may say of goods that left together. */
export interface ParcelFacts extends UnitsFacts {
  /** Whether other goods of the order left before these. */
  is_not_first: boolean;
  /** How the customer finds it; each may be empty. Null when nothing is known. */
  tracking: { carrier: string; number: string; uri: string } | null;
}

/** What a template may say of a lower price of one unit. */
export interface PriceFacts {
  sku: string;
  amount: Amount | null;
  previous: Amount | null;
}

/** All of it; each kind has a part. */
export interface Facts {
  order?: OrderFacts;
  payment?: PaymentFacts;
  refund?: { amount: Amount | null };
  /** The goods that left or arrived. */
  parcel?: ParcelFacts;
  /** The units that were canceled. */
  canceled?: UnitsFacts;
  /** Money that the payment provider took back. */
  reversal?: { amount: Amount | null };
  /** What is available again; `available` is in units. */
  stock?: { sku: string; available: number };
  /** What is sold at a lower price. */
  price?: PriceFacts;
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
    // Orders of earlier versions say the price of one unit only.
    amount: amountOf(line.total) ?? times(line.unitPrice, line.quantity),
  }));
  return {
    id: order.orderId,
    name: [order.reference, order.orderNumber].find((name) => name !== "") ?? order.orderId,
    lines,
    // An event has the first lines of a long order only.
    more_lines: Math.max(order.lineCount, order.lines.length) - lines.length,
    discount: unlessZero(order.discountTotal),
    shipping: unlessZero(order.shippingTotal),
    // What the prices contain already is not added.
    tax: order.taxIncluded ? null : unlessZero(order.taxTotal),
    total: amountOf(order.total),
    refunded: amountOf(order.refundedTotal),
    reason: wordOf(OrderClosureReason, order.closureReason),
  };
}

/** Returns what a template may say of a payment. */
export function paymentFacts(payment: Payment): PaymentFacts {
  return {
    id: payment.paymentId,
    order_id: payment.orderId,
    amount: amountOf(payment.amount),
    decline: wordOf(DeclineCode, payment.decline?.code ?? DeclineCode.UNSPECIFIED),
  };
}

/** Returns what a template may say of a refund, or of money that was taken back. */
export function moneyFacts(amount: Money | undefined): { amount: Amount | null } {
  return { amount: amountOf(amount) };
}

/** Returns what a template may say of units of an order; `count` is how many lines there are. */
export function unitsFacts(order: Order, units: readonly FulfillmentLine[], count: number): UnitsFacts {
  const byNumber = new Map(order.lines.map((line) => [line.lineNumber, line]));
  // An event has the first lines of a long order only: those without a name are counted.
  const named = units.flatMap(({ lineNumber, quantity }) => {
    const line = byNumber.get(lineNumber);
    return line === undefined ? [] : [{ title: line.title === "" ? line.sku : line.title, sku: line.sku, quantity }];
  });
  const lines = named.slice(0, MOST_LINES);
  return { lines, more_lines: Math.max(count, units.length) - lines.length };
}

/** Returns what a template may say of goods that left together. */
export function parcelFacts(order: Order, { lines, lineCount, tracking }: Fulfillment): ParcelFacts {
  return { ...unitsFacts(order, lines, lineCount), is_not_first: order.fulfillmentCount > 1, tracking: trackingOf(tracking) };
}

function trackingOf(tracking: Tracking | undefined): ParcelFacts["tracking"] {
  if (tracking === undefined) return null;
  const { carrier, trackingNumber: number, trackingUri } = tracking;
  // It becomes a link, and payloads are not validated.
  const uri = /^https:\/\/[^\u0000-\u0020\u007f]+$/.test(trackingUri) ? trackingUri : "";
  return `${carrier}${number}${uri}` === "" ? null : { carrier, number, uri };
}

/** Returns what a template may say of a price that fell. */
export function priceFacts(sku: string, amount: Money | undefined, previous: Money | undefined): PriceFacts {
  return { sku, amount: amountOf(amount), previous: amountOf(previous) };
}

function amountOf(money: Money | undefined): Amount | null {
  return money === undefined ? null : { currency: money.currencyCode, minor: money.minorUnits };
}

function unlessZero(money: Money | undefined): Amount | null {
  return money?.minorUnits === 0n ? null : amountOf(money);
}

function times(money: Money | undefined, quantity: number): Amount | null {
  return money === undefined ? null : { currency: money.currencyCode, minor: money.minorUnits * BigInt(quantity) };
}

/** Returns the name of an enum's value in lower case; empty for UNSPECIFIED, and for a value that this version does not know. */
function wordOf(names: Readonly<Record<number, string>>, value: number): string {
  return value === 0 ? "" : (names[value] ?? "").toLowerCase();
}
