/** The rules of entries: pure, no I/O, no clock of their own. */
import { tooManyEntries } from "./error.js";

/** How many are listed when the caller does not say. */
export const MOST_LISTED = 20;

/** What a user wrote down. **Invariant:** it never changes. */
export interface Entry {
  readonly id: string;
  readonly userId: string;
  readonly text: string;
  readonly createTime: Date;
}

/** Admits an entry of a user who has `present` and may have `most`. */
export function record(entry: Entry, present: number, most: number): Entry {
  if (present >= most) throw tooManyEntries(most);
  return entry;
}
