/** Streams that can be resumed, read as if they never broke. */
import { Code } from "@connectrpc/connect";

import { SoukError } from "./error.js";

/** How a stream is watched. */
export interface WatchOptions {
  /** Where to go on from; empty: the beginning. */
  resumeToken?: string;
  /** Ends the watching. */
  signal?: AbortSignal;
  /** The longest pause between two attempts, in milliseconds. */
  longestPauseMs?: number;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5000;

/** What ends a stream without ending what it tells of: a server that drains or dies, a deadline, too much at once. */
const PASSING = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted, Code.Aborted]);

/**
 * Reads a stream and opens it anew when it breaks, from the last answer that came: nothing is left out or comes twice.
 * Ends when the server says that there is no more, and throws what trying again does not mend.
 *
 * ```ts
 * for await (const { change } of watch((resumeToken) => orders.watchOrder({ orderId, resumeToken }))) …
 * ```
 */
export async function* watch<R extends { resumeToken: string }>(
  open: (resumeToken: string) => AsyncIterable<R>,
  options: WatchOptions = {},
): AsyncGenerator<R, void, void> {
  const longest = options.longestPauseMs ?? LONGEST_PAUSE_MS;
  let token = options.resumeToken ?? "";
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    if (isOver(options)) return;
    try {
      for await (const answer of open(token)) {
        token = answer.resumeToken;
        pause = FIRST_PAUSE_MS;
        yield answer;
        if (isOver(options)) return;
      }
      return;
    } catch (reason) {
      const error = SoukError.from(reason);
      if (!PASSING.has(error.code)) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
      pause = Math.min(pause * 2, longest);
    }
  }
}

function isOver(options: WatchOptions): boolean {
  return options.signal?.aborted === true;
}
