/** RecordEntry: records an entry of the caller, once per request id, and publishes it. */
import { newId, writeOnce, type Context } from "@souk/chassis";
import { {{Name}}Service, type RecordEntryRequest, type RecordEntryResponse } from "@souk/client/gen/souk/{{package}}/v1/{{package}}_service_pb.js";

import { wireEntry } from "../convert.js";
import { record } from "../entry.js";
import { entryRecorded } from "../events.js";
import type { Dependencies } from "../rpc.js";
import { count, insert } from "../store.js";

export function recordEntry({ store, clock, mostPerUser }: Dependencies, request: RecordEntryRequest, context: Context): Promise<RecordEntryResponse> {
  const now = clock.now();
  const asked = { id: newId("entry", now), userId: context.caller.id, text: request.text, createTime: now };

  return writeOnce(store, {{Name}}Service.method.recordEntry, request, context, (tx) => {
    const entry = record(asked, count(tx, asked.userId), mostPerUser);
    insert(tx, entry);
    entryRecorded(tx, entry);
    return { entry: wireEntry(entry) };
  });
}
