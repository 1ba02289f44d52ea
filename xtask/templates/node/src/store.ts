/** All SQL. */
import type { Reader, Tx } from "@souk/chassis";

import type { Entry } from "./entry.js";

export function insert(tx: Tx, { id, userId, text, createTime }: Entry): void {
  tx.run("INSERT INTO entries (entry_id, user_id, text, create_time) VALUES (?, ?, ?, ?)", id, userId, text, createTime.getTime());
}

/** Returns how many entries a user has. */
export function count(reader: Reader, userId: string): number {
  return Number(reader.get("SELECT COUNT(*) AS entries FROM entries WHERE user_id = ?", userId)?.["entries"]);
}

/** Returns a user's entries, the newest first. */
export function recent(reader: Reader, userId: string, most: number): Entry[] {
  const sql = "SELECT entry_id, user_id, text, create_time FROM entries WHERE user_id = ? ORDER BY seq DESC LIMIT ?";
  return reader.all(sql, userId, most).map((row) => ({
    id: String(row["entry_id"]),
    userId: String(row["user_id"]),
    text: String(row["text"]),
    createTime: new Date(Number(row["create_time"])),
  }));
}
