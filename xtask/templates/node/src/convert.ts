/** Domain to proto; what the contract has checked is not checked again. */
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { EntrySchema, type Entry as WireEntry } from "@souk/client/gen/souk/{{package}}/v1/entry_pb.js";

import type { Entry } from "./entry.js";

export function wireEntry({ id, customerId, text, createTime }: Entry): WireEntry {
  return create(EntrySchema, { entryId: id, customerId, text, createTime: timestampFromDate(createTime) });
}
