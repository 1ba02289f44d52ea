/** The index: one line a method. */
import type { Clock, Implementation, Store } from "@souk/chassis";
import type { {{Name}}Service } from "@souk/client/gen/souk/{{package}}/v1/{{package}}_service_pb.js";

import { listRecentEntries } from "./rpc/list_recent_entries.js";
import { recordEntry } from "./rpc/record_entry.js";

/** What the methods and the handlers of events need. */
export interface Dependencies {
  store: Store;
  clock: Clock;
  mostPerCustomer: number;
}

export const rpc = (dependencies: Dependencies): Implementation<typeof {{Name}}Service> => ({
  recordEntry: (request, context) => recordEntry(dependencies, request, context),
  listRecentEntries: (request) => listRecentEntries(dependencies, request),
});
