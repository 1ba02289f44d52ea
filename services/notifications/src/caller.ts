/** Who may see what: accounts and endpoints. */
import type { Caller } from "@souk/chassis";

import { Refusal } from "./error.js";

/** Returns the account that a call is about: a user's own, or the one that others name. */
export function accountOf(caller: Caller, named: string): string {
  if (caller.kind === "user") {
    if (named !== "" && named !== caller.id) throw Refusal.otherAccount();
    return caller.id;
  }
  if (named === "") throw Refusal.noAccount();
  return named;
}

/** Returns whose endpoints and deliveries a caller sees: staff all of them, which is undefined; a service its own. */
export function ownerSeenBy(caller: Caller): string | undefined {
  return caller.kind === "staff" ? undefined : caller.key;
}
