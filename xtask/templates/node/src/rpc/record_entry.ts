/** RecordEntry: records an entry of a customer, once per request id, and publishes it. */
import { newId, writeOnce, type Context } from "@souk/chassis";
import { {{Name}}Service, type RecordEntryRequest, type RecordEntryResponse } from "@souk/client/gen/souk/{{package}}/v1/{{package}}_service_pb.js";

import { wireEntry } from "../convert.js";
import { record } from "../entry.js";
import { entryRecorded } from "../events.js";
import type { Dependencies } from "../rpc.js";
import { count, insert } from "../store.js";

/** The chassis has written the customer of the caller into the request. */
export function recordEntry({ store, clock, mostPerCustomer }: Dependencies, request: RecordEntryRequest, context: Context): Promise<RecordEntryResponse> {
  const now = clock.now();
  const asked = { id: newId("entry", now), customerId: request.customerId, text: request.text, createTime: now };

  return writeOnce(store, {{Name}}Service.method.recordEntry, request, context, (tx) => {
    const entry = record(asked, count(tx, asked.customerId), mostPerCustomer);
    insert(tx, entry);
    entryRecorded(tx, entry);
    return { entry: wireEntry(entry) };
  });
}
