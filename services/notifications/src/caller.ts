/** Who may see what: accounts and endpoints. */
import { Refusal } from "./error.js";

/** Who calls. */
export interface Caller {
  kind: "anonymous" | "user" | "service" | "staff";
  id: string;
}

/** Returns `service:erp`. */
export function callerKey({ kind, id }: Caller): string {
  return kind === "anonymous" ? kind : `${kind}:${id}`;
}

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
  return caller.kind === "staff" ? undefined : callerKey(caller);
}
