/** ListMessages: the messages of an account, newest first. */
import { create } from "@bufbuild/protobuf";
import { pageOf, type Caller } from "@souk/chassis";

import { accountOf } from "../caller.js";
import { type ListMessagesRequest, type ListMessagesResponse, ListMessagesResponseSchema, MessageSchema } from "../contract.js";
import { wireMessage } from "../convert.js";
import type { Notifications } from "../service.js";
import { countUnread, messagesBefore } from "../store/messages.js";

export function listMessages(service: Notifications, request: ListMessagesRequest, caller: Caller): ListMessagesResponse {
  const account = accountOf(caller, request.accountId);
  const { read } = service.store;
  const scope = ["ListMessages", caller.key, account, String(request.unreadOnly)];
  const page = pageOf(
    service.tokens,
    scope,
    request,
    (position, most) => messagesBefore(read, account, position === "" ? Number.MAX_SAFE_INTEGER : Number(position), request.unreadOnly, most),
    MessageSchema,
    wireMessage,
  );
  return create(ListMessagesResponseSchema, {
    messages: page.items,
    nextPageToken: page.next((last) => String(last.sequence)),
    unreadCount: BigInt(countUnread(read, account)),
  });
}
