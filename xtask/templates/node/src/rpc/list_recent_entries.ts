/** ListRecentEntries: the caller's own entries, the newest first. */
import type { Context } from "@souk/chassis";
import type { ListRecentEntriesRequest } from "@souk/client/gen/souk/{{package}}/v1/{{package}}_service_pb.js";

import { wireEntry } from "../convert.js";
import { MOST_LISTED } from "../entry.js";
import type { Dependencies } from "../rpc.js";
import { recent } from "../store.js";

export function listRecentEntries({ store }: Dependencies, { maxEntries }: ListRecentEntriesRequest, { caller }: Context) {
  const most = maxEntries === 0 ? MOST_LISTED : maxEntries;
  return { entries: recent(store.read, caller.id, most).map(wireEntry) };
}
