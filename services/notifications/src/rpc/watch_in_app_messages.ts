/** WatchInAppMessages: the messages of a customer as they come, from a resume token on. */
import { create } from "@bufbuild/protobuf";

import { customerOf } from "../caller.js";
import { WatchInAppMessagesResponseSchema, type WatchInAppMessagesRequest, type WatchInAppMessagesResponse } from "../contract.js";
import { wireMessage } from "../convert.js";
import { Refusal } from "../error.js";
import type { Notifications } from "../service.js";
import { messagesAfter } from "../store/messages.js";

/** How many messages are read ahead of a consumer; one that reads slowly holds no more than these. */
const AT_ONCE = 100;

export async function* watchInAppMessages(
  service: Notifications,
  request: WatchInAppMessagesRequest,
  stop: AbortSignal,
): AsyncGenerator<WatchInAppMessagesResponse> {
  const customer = customerOf(request.customerId);
  const scope = ["WatchInAppMessages", customer];
  let sequence = 0;
  if (request.resumeToken !== "") {
    const position = service.tokens.open(scope, request.resumeToken);
    if (position === undefined) throw Refusal.invalidResumeToken();
    sequence = Number(position);
  }
  const watch = service.hub.watch(customer, stop);
  try {
    while (!stop.aborted) {
      const messages = messagesAfter(service.store.read, customer, sequence, AT_ONCE);
      for (const message of messages) {
        sequence = message.sequence;
        const resumeToken = service.tokens.issue(scope, String(sequence));
        yield create(WatchInAppMessagesResponseSchema, { message: wireMessage(message), resumeToken });
      }
      if (messages.length === 0) await watch.changed();
    }
  } finally {
    watch.end();
  }
}
