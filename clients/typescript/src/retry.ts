/** When a call is sent again: gRFC A6 with at most three attempts, and only for UNAVAILABLE. The same as in every language. */
import { Code } from "@connectrpc/connect";

import type { SoukError } from "./error.js";

const MAX_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1000;
const PUSHBACK = "grpc-retry-pushback-ms";

/**
 * Returns how many milliseconds to wait before the next attempt; undefined when this failure is the last.
 *
 * @param attempt which attempt failed, from 1
 * @param leftMs how long the call may still take
 * @param random between 0 and 1
 */
export function pauseAfter(error: SoukError, attempt: number, leftMs: number, random: number): number | undefined {
  if (error.code !== Code.Unavailable || attempt >= MAX_ATTEMPTS) return undefined;
  const pause = pushback(error) ?? jittered(FIRST_PAUSE_MS * 2 ** (attempt - 1), random);
  // An attempt that could not be answered in time is not worth making.
  return pause < leftMs ? pause : undefined;
}

/** Reads what the server says about trying again; Infinity: do not. */
function pushback(error: SoukError): number | undefined {
  const said = error.headers.get(PUSHBACK);
  if (said === null) return error.retryAfterMs;
  return /^\d+$/.test(said) ? Number(said) : Infinity;
}

/** Spreads callers that failed together. */
function jittered(most: number, random: number): number {
  return Math.min(most, LONGEST_PAUSE_MS) * (0.2 + random * 0.8);
}
