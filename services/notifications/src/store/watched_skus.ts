/** The skus that customers watched before there were wishlists, until they are handed over. */
import type { Reader, Tx } from "@souk/chassis";

import { claimerOf } from "./claims.js";
import { text } from "./tables.js";

/** What one customer watched. */
export interface Watched {
  /** The customer that the rows name: it may be a guest who was claimed since. */
  named: string;
  customer: string;
  skus: string[];
}

/** Returns what the first customer after this one watched, by id; undefined when there is none. */
export function nextWatched(reader: Reader, after: string): Watched | undefined {
  const row = reader.get("SELECT min(customer) AS customer FROM watched_skus WHERE customer > ?", after);
  if (row === undefined || row.customer === null) return undefined;
  const named = text(row.customer);
  const skus = reader.all("SELECT sku FROM watched_skus WHERE customer = ? ORDER BY row", named).map(({ sku }) => text(sku));
  return { named, customer: claimerOf(reader, named), skus };
}

/** Deletes what a customer watched. */
export function forgetWatched(tx: Tx, named: string): void {
  tx.run("DELETE FROM watched_skus WHERE customer = ?", named);
}
