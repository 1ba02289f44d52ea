/** Who may see what: customers and endpoints. */
import type { Caller } from "@souk/chassis";

import { Refusal, invalidField } from "./error.js";

/** How a signed-in customer may name itself, so that a path of HTTP needs no id. */
const ME = "me";

/** Returns the customer that a call is about: a user's own, or the one that others name in `field`. */
export function customerOf(caller: Caller, named: string, field = "customer_id"): string {
  if (caller.kind === "user") {
    if (named !== "" && named !== ME && named !== caller.id) throw Refusal.otherCustomer(field);
    return caller.id;
  }
  if (named === "" || named === ME) throw invalidField(field, "must name a customer");
  return named;
}

/** Returns whose endpoints and deliveries a caller sees: staff all of them, which is undefined; a service its own. */
export function ownerSeenBy(caller: Caller): string | undefined {
  return caller.kind === "staff" ? undefined : caller.key;
}
