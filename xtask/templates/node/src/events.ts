/** What is told to others, in the write of its change. */
import { create } from "@bufbuild/protobuf";
import type { Tx } from "@souk/chassis";
import { EntryRecordedSchema } from "@souk/client/gen/souk/{{package}}/v1/events_pb.js";

import { wireEntry } from "./convert.js";
import type { Entry } from "./entry.js";

export function entryRecorded(tx: Tx, entry: Entry): void {
  tx.publish(EntryRecordedSchema, create(EntryRecordedSchema, { entry: wireEntry(entry) }), entry.userId);
}
