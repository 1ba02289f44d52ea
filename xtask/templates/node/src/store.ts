/** All SQL. */
import type { Reader, Report, Tx } from "@souk/chassis";

import type { Entry } from "./entry.js";

export function insert(tx: Tx, { id, customerId, text, createTime }: Entry): void {
  tx.run("INSERT INTO entries (entry_id, customer_id, text, create_time) VALUES (?, ?, ?, ?)", id, customerId, text, createTime.getTime());
}

/** Returns how many entries a customer has. */
export function count(reader: Reader, customerId: string): number {
  return Number(reader.get("SELECT COUNT(*) AS entries FROM entries WHERE customer_id = ?", customerId)?.["entries"]);
}

/** Returns a customer's entries, the newest first. */
export function recent(reader: Reader, customerId: string, most: number): Entry[] {
  const sql = "SELECT entry_id, customer_id, text, create_time FROM entries WHERE customer_id = ? ORDER BY seq DESC LIMIT ?";
  return reader.all(sql, customerId, most).map((row) => ({
    id: String(row["entry_id"]),
    customerId: String(row["customer_id"]),
    text: String(row["text"]),
    createTime: new Date(Number(row["create_time"])),
  }));
}

/** Checks the invariants: what must hold whatever happened before, and how much was checked. */
export function check(reader: Reader): Report {
  const silent = reader.all("SELECT entry_id FROM entries WHERE text = '' LIMIT 1000");
  const findings = silent.map((row) => ({ invariant: "an entry says something", subject: String(row["entry_id"]), detail: "its text is empty" }));
  const count = BigInt(Number(reader.get("SELECT COUNT(*) AS entries FROM entries")?.["entries"]));
  return { findings, counts: [{ what: "entries", count }] };
}
