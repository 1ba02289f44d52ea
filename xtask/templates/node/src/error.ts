/** What can go wrong: each with its code, its reason and what a program needs to act on it. */
import { Code, Refusal } from "@souk/chassis";

const domain = "souk.{{package}}.v1";

/** The user has as many entries as a user may have. */
export function tooManyEntries(most: number): Refusal {
  const message = `a user may have at most ${most} entries`;
  return new Refusal(Code.FailedPrecondition, "ERROR_REASON_TOO_MANY_ENTRIES", message, { domain, metadata: { most: String(most) } });
}
