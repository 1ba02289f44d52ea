/** Sample data for previews: every kind with every fact that it may have. */
import { NotificationKind as Kind } from "./contract.js";
import type { Facts } from "./facts.js";

/** When the sample happened. */
export const SAMPLE_TIME = new Date("2026-03-14T09:26:53Z");

const gbp = (minor: bigint) => ({ currency: "GBP", minor });

const order = {
  id: "order_01h455vb4pex5vsknk084sn02q",
  name: "INV-1042",
  lines: [
    { title: "Tea towel <blue & white>", sku: "TOWEL-1", quantity: 2n, unit_price: gbp(495n), amount: gbp(990n) },
    { title: "Enamel mug", sku: "MUG-7", quantity: 1n, unit_price: gbp(1250n), amount: gbp(1250n) },
  ],
  more_lines: 0,
  total: gbp(2240n),
  refunded: gbp(0n),
  reason: "",
};

const payment = {
  id: "payment_01h455vb4pex5vsknk084sn02q",
  order_id: order.id,
  amount: gbp(2240n),
  decline: "insufficient_funds",
  action_url: "https://pay.example.com/confirm/42",
};

const SAMPLES: Record<Exclude<Kind, Kind.UNSPECIFIED>, Facts> = {
  [Kind.ORDER_PLACED]: { order },
  [Kind.ORDER_REJECTED]: { order: { ...order, reason: "out_of_stock" } },
  [Kind.ORDER_PAID]: { order },
  [Kind.ORDER_CANCELED]: { order: { ...order, reason: "order_canceled" } },
  [Kind.ORDER_FULFILLED]: { order },
  [Kind.ORDER_REFUNDED]: { order: { ...order, refunded: gbp(990n) }, refund: { amount: gbp(990n) } },
  [Kind.PAYMENT_FAILED]: { payment },
  [Kind.PAYMENT_ACTION_REQUIRED]: { payment },
  [Kind.REFUND_FAILED]: { payment, refund: { amount: gbp(990n) } },
  [Kind.BACK_IN_STOCK]: { stock: { sku: "MUG-7", available: 12n } },
};

/** Returns the sample data of a kind. */
export function sampleFacts(kind: Kind): Facts {
  return kind === Kind.UNSPECIFIED ? {} : SAMPLES[kind];
}
