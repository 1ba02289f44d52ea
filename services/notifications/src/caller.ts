/** Who may see what: customers and endpoints. */
import type { Caller } from "@souk/chassis";

import { invalidField } from "./error.js";

/** Returns the customer that a call is about: a user's own, which the chassis has written there, or the one that others name. */
export function customerOf(named: string, field = "customer_id"): string {
  if (named === "") throw invalidField(field, "must name a customer");
  return named;
}

/** Returns whose endpoints and deliveries a caller sees: staff all of them, which is undefined; a service its own. */
export function ownerSeenBy(caller: Caller): string | undefined {
  return caller.kind === "staff" ? undefined : caller.key;
}
