/** Published events, in the write of their change, and consumed events. */
import { create } from "@bufbuild/protobuf";
import { Poison, newId, on, type EventHandler, type Tx } from "@souk/chassis";
import { OrderPlacedSchema } from "@souk/client/gen/souk/orders/v1/events_pb.js";
import { EntryRecordedSchema } from "@souk/client/gen/souk/{{package}}/v1/events_pb.js";

import { wireEntry } from "./convert.js";
import { isBelowLimit, textOfOrder, type Entry } from "./entry.js";
import type { Dependencies } from "./rpc.js";
import { count, insert } from "./store.js";

/** The lasting subscription on the bus, and the name of its part of the inbox. */
export const SUBSCRIPTION = "{{name}}";

export function entryRecorded(tx: Tx, entry: Entry): void {
  tx.publish(EntryRecordedSchema, create(EntryRecordedSchema, { entry: wireEntry(entry) }));
}

/** Returns the handlers of events. Each runs in one write with the record that its event was handled, so its effect happens once. */
export const handlers = ({ clock, mostPerCustomer }: Dependencies): EventHandler[] => [
  // Records an entry of the customer for an order.
  on(OrderPlacedSchema, (tx, { order }) => {
    const { orderId = "", customerId = "" } = order ?? {};
    if (orderId === "") throw new Poison("the event names no order");
    // A sale without a customer is recorded for no one.
    if (customerId === "") return;
    // A customer who has reached the limit gets no more; were the event refused, it would only come again.
    if (!isBelowLimit(count(tx, customerId), mostPerCustomer)) return;
    const now = clock.now();
    const entry = { id: newId("entry", now), customerId, text: textOfOrder(orderId), createTime: now };
    insert(tx, entry);
    entryRecorded(tx, entry);
  }),
];
