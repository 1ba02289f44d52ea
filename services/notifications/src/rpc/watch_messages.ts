/** WatchMessages: the messages of an account as they come, from a resume token on. */
import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { accountOf } from "../caller.js";
import { WatchMessagesResponseSchema, type WatchMessagesRequest, type WatchMessagesResponse } from "../contract.js";
import { wireMessage } from "../convert.js";
import { Refusal } from "../error.js";
import type { Notifications } from "../service.js";
import { messagesAfter } from "../store/messages.js";

/** How many messages are read ahead of a consumer; one that reads slowly holds no more than these. */
const AT_ONCE = 100;

export async function* watchMessages(
  service: Notifications,
  request: WatchMessagesRequest,
  caller: Caller,
  stop: AbortSignal,
): AsyncGenerator<WatchMessagesResponse> {
  const account = accountOf(caller, request.accountId);
  const scope = ["WatchMessages", account];
  let sequence = 0;
  if (request.resumeToken !== "") {
    const position = service.tokens.open(scope, request.resumeToken);
    if (position === undefined) throw Refusal.invalidResumeToken();
    sequence = Number(position);
  }
  const watch = service.hub.watch(account, stop);
  try {
    while (!stop.aborted) {
      const messages = messagesAfter(service.store.read, account, sequence, AT_ONCE);
      for (const message of messages) {
        sequence = message.sequence;
        const resumeToken = service.tokens.issue(scope, String(sequence));
        yield create(WatchMessagesResponseSchema, { message: wireMessage(message), resumeToken });
      }
      if (messages.length === 0) await watch.changed();
    }
  } finally {
    watch.end();
  }
}
