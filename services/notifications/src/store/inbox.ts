/** The events that were heard. */
import type { Event } from "../contract.js";
import { micros, type Tx } from "./tables.js";

/** Records an event. Returns false when it was heard before. */
export function isFirst(tx: Tx, event: Event, now: Date): boolean {
  return tx.run("INSERT INTO inbox (source, id, create_time) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", event.source, event.id, micros(now)) === 1;
}

/** Forgets up to `most` events heard before. Returns how many. */
export function purgeInbox(tx: Tx, before: Date, most: number): number {
  return tx.run("DELETE FROM inbox WHERE rowid IN (SELECT rowid FROM inbox WHERE create_time < ? LIMIT ?)", micros(before), most);
}
