/** ListRecentEntries: the entries of a customer, the newest first. */
import type { ListRecentEntriesRequest } from "@souk/client/gen/souk/{{package}}/v1/{{package}}_service_pb.js";

import { wireEntry } from "../convert.js";
import { MOST_LISTED } from "../entry.js";
import type { Dependencies } from "../rpc.js";
import { recent } from "../store.js";

/** The chassis has written the customer of the caller into the request. */
export function listRecentEntries({ store }: Dependencies, { customerId, maxEntries }: ListRecentEntriesRequest) {
  const most = maxEntries === 0 ? MOST_LISTED : maxEntries;
  return { entries: recent(store.read, customerId, most).map(wireEntry) };
}
