/** The rules of entries: pure, no I/O, no clock of their own. */
import { tooManyEntries } from "./error.js";

/** How many are listed unless the caller says how many. */
export const MOST_LISTED = 20;

/** An entry of a customer. **Invariant:** it never changes. */
export interface Entry {
  readonly id: string;
  readonly customerId: string;
  readonly text: string;
  readonly createTime: Date;
}

/** Returns whether a customer who has `present` entries and may have `most` may have one more. */
export function isBelowLimit(present: number, most: number): boolean {
  return present < most;
}

/** Returns the text of the entry for an order. */
export function textOfOrder(orderId: string): string {
  return `placed ${orderId}`;
}

/** Admits an entry of a customer who has `present` and may have `most`. */
export function record(entry: Entry, present: number, most: number): Entry {
  if (!isBelowLimit(present, most)) throw tooManyEntries(most);
  return entry;
}
