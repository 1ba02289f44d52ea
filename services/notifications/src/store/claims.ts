/** The guests whom customers have claimed, and what moves with a claim. */
import type { Reader, Tx } from "@souk/chassis";

import type { Claim } from "../claim.js";
import { loadPreferences, savePreferences } from "./preferences.js";
import { micros, text, whole } from "./tables.js";

/** Returns the customer that claimed this one, a guest; the same when none has. */
export function claimerOf(reader: Reader, customer: string): string {
  const row = reader.get("SELECT customer FROM claimed_guests WHERE guest = ?", customer);
  return row === undefined ? customer : text(row.customer);
}

/** Records a claim and moves what is the guest's to the customer. Returns false, and does nothing, for a guest who was claimed already. */
export function claim(tx: Tx, { guest, customer }: Claim, now: Date): boolean {
  const sql = "INSERT INTO claimed_guests (guest, customer, claim_time) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
  if (tx.run(sql, guest, customer, micros(now)) === 0) return false;
  moveMessages(tx, { guest, customer }, now);
  tx.run("UPDATE deliveries SET customer = ? WHERE customer = ? AND customer <> ''", customer, guest);
  movePreferences(tx, { guest, customer }, now);
  return true;
}

/**
 * They come behind the messages that the customer has, as if they were written now: open streams get them, and what was kept
 * long enough goes from the front.
 */
function moveMessages(tx: Tx, { guest, customer }: Claim, now: Date): void {
  const { least, most } = tx.get("SELECT min(sequence) AS least, max(sequence) AS most FROM messages WHERE customer = ?", guest) ?? {};
  if (least === null || least === undefined) return;
  const last = tx.get("SELECT last FROM message_sequences WHERE customer = ?", customer)?.last ?? 0;
  const shift = whole(last) + 1 - whole(least);
  tx.run("UPDATE messages SET customer = ?, sequence = sequence + ?, create_time = ? WHERE customer = ?", customer, shift, micros(now), guest);
  const reached = "INSERT INTO message_sequences (customer, last) VALUES (?, ?) ON CONFLICT (customer) DO UPDATE SET last = excluded.last";
  tx.run(reached, customer, whole(most) + shift);
}

/** What the customer has set is kept: only one who has set nothing gets the guest's settings. */
function movePreferences(tx: Tx, { guest, customer }: Claim, now: Date): void {
  const [theirs, own] = [loadPreferences(tx, guest), loadPreferences(tx, customer)];
  // A claim gives no one more codes in a day.
  tx.run("UPDATE email_confirmation_requests SET customer = ? WHERE customer = ?", customer, guest);
  if (theirs.version === 0) return;
  if (own.version === 0) {
    savePreferences(tx, { ...theirs, customer }, now);
    tx.run("UPDATE email_confirmations SET customer = ? WHERE customer = ?", customer, guest);
  }
  for (const table of ["preferences", "email_confirmations"]) tx.run(`DELETE FROM ${table} WHERE customer = ?`, guest);
}
