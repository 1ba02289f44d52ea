/** The index: one line a method. */
import type { Clock, Implementation, Store } from "@souk/chassis";
import type { {{Name}}Service } from "@souk/client/gen/souk/{{package}}/v1/{{package}}_service_pb.js";

import { listRecentEntries } from "./rpc/list_recent_entries.js";
import { recordEntry } from "./rpc/record_entry.js";

/** What the methods need. */
export interface Room {
  store: Store;
  clock: Clock;
  mostPerUser: number;
}

export const rpc = (room: Room): Implementation<typeof {{Name}}Service> => ({
  recordEntry: (request, context) => recordEntry(room, request, context),
  listRecentEntries: (request, context) => listRecentEntries(room, request, context),
});
