/** The events that deliveries still refer to. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Reader, Tx } from "@souk/chassis";

import { EventSchema, type Event } from "../contract.js";
import { dateOf } from "../time.js";
import { bytes, micros, whole } from "./tables.js";

/** Keeps an event and returns its row; the row that is there when it is kept already. */
export function keepEvent(tx: Tx, event: Event, now: Date): number {
  tx.run(
    "INSERT INTO events (source, id, type, subject, event, create_time) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    event.source,
    event.id,
    event.type,
    event.subject,
    toBinary(EventSchema, event),
    micros(now),
  );
  return whole(tx.get("SELECT row FROM events WHERE source = ? AND id = ?", event.source, event.id)?.row);
}

/** Returns a kept event; undefined when its bytes are none. */
export function loadEvent(reader: Reader, row: number): Event | undefined {
  try {
    return fromBinary(EventSchema, bytes(reader.get("SELECT event FROM events WHERE row = ?", row)?.event));
  } catch {
    return undefined;
  }
}

/** Returns when an event happened; `otherwise` when it does not say. Throws a RangeError for a time that no calendar has. */
export function timeOf(event: Event, otherwise: Date): Date {
  return event.time === undefined ? otherwise : dateOf(event.time);
}

/** Deletes up to `most` events that no delivery refers to any more. Returns how many. */
export function purgeEvents(tx: Tx, most: number): number {
  return tx.run(
    "DELETE FROM events WHERE row IN (SELECT row FROM events e WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_row = e.row) LIMIT ?)",
    most,
  );
}
