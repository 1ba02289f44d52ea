/** Sample data for previews: every kind with every fact that it may have. */
import { NotificationKind as Kind } from "./contract.js";
import type { Facts } from "./facts.js";
import { linkTo } from "./link.js";

/** When the sample happened. */
export const SAMPLE_TIME = new Date("2026-03-14T09:26:53Z");

const gbp = (minor: bigint) => ({ currency: "GBP", minor });

const order = {
  id: "order_01h455vb4pex5vsknk084sn02q",
  name: "INV-1042",
  lines: [
    { title: "Tea towel <blue & white>", sku: "TOWEL-1", quantity: 2, unit_price: gbp(495n), amount: gbp(990n) },
    { title: "Enamel mug", sku: "MUG-7", quantity: 1, unit_price: gbp(1250n), amount: gbp(1250n) },
  ],
  more_lines: 0,
  discount: gbp(100n),
  shipping: gbp(390n),
  tax: null,
  total: gbp(2530n),
  refunded: gbp(0n),
  reason: "",
};

const payment = {
  id: "payment_01h455vb4pex5vsknk084sn02q",
  order_id: order.id,
  amount: gbp(2530n),
  decline: "insufficient_funds",
};

const parcel = {
  lines: [{ title: "Tea towel <blue & white>", sku: "TOWEL-1", quantity: 2 }],
  more_lines: 0,
  is_not_first: false,
  tracking: { carrier: "dhl", number: "00340434161094042557", uri: "https://carrier.example/parcels/00340434161094042557" },
};

/** Returns the link in the sample e-mail of a kind, whose token opens nothing; empty when the kind is about no order. */
export function sampleLink(kind: Kind, template: string): string {
  const { order: ordered, payment: paid } = sampleFacts(kind);
  return ordered === undefined && paid === undefined ? "" : linkTo(template, order.id, "SAMPLE");
}

/** Returns the sample data of a kind. */
export function sampleFacts(kind: Kind): Facts {
  switch (kind) {
    case Kind.UNSPECIFIED:
      return {};
    case Kind.ORDER_PLACED:
    case Kind.ORDER_PAID:
      return { order };
    case Kind.ORDER_PARTIALLY_FULFILLED:
    case Kind.ORDER_FULFILLED:
    case Kind.ORDER_FULFILLMENT_UPDATED:
    case Kind.ORDER_FULFILLMENT_DELIVERED:
      return { order, parcel };
    case Kind.ORDER_LINES_CANCELED:
      return { order, canceled: { lines: parcel.lines, more_lines: 0 } };
    case Kind.ORDER_REJECTED:
      return { order: { ...order, reason: "out_of_stock" } };
    case Kind.ORDER_CANCELED:
      return { order: { ...order, reason: "canceled" } };
    case Kind.ORDER_REFUNDED:
      return { order: { ...order, refunded: gbp(990n) }, refund: { amount: gbp(990n) } };
    case Kind.ORDER_REFUND_REVERSED:
      return { order, refund: { amount: gbp(990n) } };
    case Kind.ORDER_PAYMENT_REVERSED:
      return { order, reversal: { amount: gbp(2530n) } };
    case Kind.PAYMENT_FAILED:
    case Kind.PAYMENT_ACTION_REQUIRED:
      return { payment };
    case Kind.REFUND_FAILED:
      return { payment, refund: { amount: gbp(990n) } };
    case Kind.BACK_IN_STOCK:
      return { stock: { sku: "MUG-7", available: 12 } };
    case Kind.PRICE_REDUCED:
      return { price: { sku: "MUG-7", amount: gbp(990n), previous: gbp(1250n) } };
    case Kind.EMAIL_CONFIRMATION:
      return { confirmation: { code: "7K2Q-9FXH-M3TD", hours: 24 } };
  }
}
