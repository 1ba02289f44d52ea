/** MarkInAppMessagesRead: marks messages of a customer as read. */
import { create } from "@bufbuild/protobuf";

import { customerOf } from "../caller.js";
import { MarkInAppMessagesReadResponseSchema, type MarkInAppMessagesReadRequest, type MarkInAppMessagesReadResponse } from "../contract.js";
import type { Notifications } from "../service.js";
import { countUnread, markRead as mark } from "../store/messages.js";

export function markInAppMessagesRead(service: Notifications, request: MarkInAppMessagesReadRequest): Promise<MarkInAppMessagesReadResponse> {
  const customer = customerOf(request.customerId);
  // No customer ever has this many messages; larger numbers would not be exact.
  const upTo = Number(request.upToSequence > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : request.upToSequence);
  return service.store.write((tx) => {
    mark(tx, customer, request.messageIds, upTo);
    return create(MarkInAppMessagesReadResponseSchema, { unreadCount: countUnread(tx, customer) });
  });
}
