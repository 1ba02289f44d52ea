/** MarkRead: marks messages of an account as read. */
import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { accountOf } from "../caller.js";
import { MarkReadResponseSchema, type MarkReadRequest, type MarkReadResponse } from "../contract.js";
import type { Notifications } from "../service.js";
import { countUnread, markRead as mark } from "../store/messages.js";

export function markRead(service: Notifications, request: MarkReadRequest, caller: Caller): Promise<MarkReadResponse> {
  const account = accountOf(caller, request.accountId);
  // No account ever has this many messages; larger numbers would not be exact.
  const upTo = Number(request.upToSequence > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : request.upToSequence);
  return service.store.write((tx) => {
    mark(tx, account, request.messageIds, upTo);
    return create(MarkReadResponseSchema, { unreadCount: BigInt(countUnread(tx, account)) });
  });
}
