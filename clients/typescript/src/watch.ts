/** Streams that can be resumed, read as if they never broke. */
import { setTimeout as delay } from "node:timers/promises";

import { type CallOptions, Code } from "@connectrpc/connect";

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

/** What ends a stream early: a server that drains or dies, a deadline, an overload. */
const PASSING = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted, Code.Aborted]);

/**
 * Reads a stream and reopens it when it breaks, from the last response received: nothing is skipped or repeated.
 * Ends when the server says that there is no more, and throws what trying again does not mend. Leaving the loop cancels the
 * stream; connect's own streams go on until their deadline unless a signal ends them.
 *
 * ```ts
 * for await (const { change } of watch(orders.watchOrder, { orderId })) …
 * ```
 *
 * @param method a method of a generated client that takes and gives a resume token
 * @param request what it is asked; the token is added
 */
export async function* watch<Q extends { resumeToken?: string }, R extends { resumeToken: string }>(
  method: (request: Q, call?: CallOptions) => AsyncIterable<R>,
  request: NoInfer<Q>,
  options: WatchOptions = {},
): AsyncGenerator<R, void, void> {
  const { signal, longestPauseMs = LONGEST_PAUSE_MS } = options;
  let resumeToken = options.resumeToken ?? "";
  let pause = FIRST_PAUSE_MS;
  while (!isOver(signal)) {
    const left = new AbortController();
    try {
      const either = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
      for await (const answer of method({ ...request, resumeToken }, { signal: either })) {
        resumeToken = answer.resumeToken;
        pause = FIRST_PAUSE_MS;
        yield answer;
        if (isOver(signal)) return;
      }
      return;
    } catch (reason) {
      if (isOver(signal)) return;
      const error = SoukError.from(reason);
      if (!PASSING.has(error.code)) throw error;
    } finally {
      left.abort();
    }
    // Spreads callers whose streams broke together.
    const wait = pause * (0.5 + Math.random() / 2);
    await delay(wait, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    pause = Math.min(pause * 2, longestPauseMs);
  }
}

function isOver(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
