/** ListInAppMessages: the messages of a customer, newest first. */
import { create } from "@bufbuild/protobuf";
import { pageOf, type Caller } from "@souk/chassis";

import { customerOf } from "../caller.js";
import { type ListInAppMessagesRequest, type ListInAppMessagesResponse, ListInAppMessagesResponseSchema, InAppMessageSchema } from "../contract.js";
import { wireMessage } from "../convert.js";
import type { Notifications } from "../service.js";
import { countUnread, messagesBefore } from "../store/messages.js";

export function listInAppMessages(service: Notifications, request: ListInAppMessagesRequest, caller: Caller): ListInAppMessagesResponse {
  const customer = customerOf(request.customerId);
  const { read } = service.store;
  const scope = ["ListInAppMessages", caller.key, customer, String(request.unreadOnly)];
  const page = pageOf(
    service.tokens,
    scope,
    request,
    (position, most) => messagesBefore(read, customer, position === "" ? Number.MAX_SAFE_INTEGER : Number(position), request.unreadOnly, most),
    InAppMessageSchema,
    wireMessage,
  );
  return create(ListInAppMessagesResponseSchema, {
    messages: page.items,
    nextPageToken: page.next((last) => String(last.sequence)),
    unreadCount: countUnread(read, customer),
  });
}
