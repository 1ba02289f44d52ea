/** What is told to others, in the write of its change, and what is heard of them. */
import { create } from "@bufbuild/protobuf";
import { Poison, newId, on, type Hearing, type Tx } from "@souk/chassis";
import { OrderPlacedSchema } from "@souk/client/gen/souk/orders/v1/events_pb.js";
import { EntryRecordedSchema } from "@souk/client/gen/souk/{{package}}/v1/events_pb.js";

import { wireEntry } from "./convert.js";
import { hasRoom, textOfOrder, type Entry } from "./entry.js";
import type { Room } from "./rpc.js";
import { count, insert } from "./store.js";

/** The lasting subscription on the bus, and the name of its part of the inbox. */
export const SUBSCRIPTION = "{{name}}";

export function entryRecorded(tx: Tx, entry: Entry): void {
  tx.publish(EntryRecordedSchema, create(EntryRecordedSchema, { entry: wireEntry(entry) }), entry.userId);
}

/** Returns what is heard. A handler runs in one write with the record that its event was handled, so its effect happens once. */
export const hearings = ({ clock, mostPerUser }: Room): Hearing[] => [
  // Writes an order down for its customer.
  on(OrderPlacedSchema, (tx, { order }) => {
    const { orderId = "", customerId: userId = "" } = order ?? {};
    if (orderId === "" || userId === "") throw new Poison("the event names no order of a customer");
    // A user who has as many entries as one may have gets no more; were the event refused, it would only come again.
    if (!hasRoom(count(tx, userId), mostPerUser)) return;
    const now = clock.now();
    const entry = { id: newId("entry", now), userId, text: textOfOrder(orderId), createTime: now };
    insert(tx, entry);
    entryRecorded(tx, entry);
  }),
];
