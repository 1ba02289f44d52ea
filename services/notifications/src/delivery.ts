/**
 * The rules of a delivery, pure: its key, its attempts, its end.
 *
 * PENDING → DELIVERED; or → DEAD after the last attempt or a permanent refusal, and a DEAD one is requeued or dropped; or →
 * SKIPPED when there is no address to send it to.
 */
import { createHash } from "node:crypto";

import { NotificationChannel as Channel } from "./contract.js";
import type { Failure } from "./failure.js";

/** How often and how far apart it is tried. */
export interface RetryRules {
  /** The wait after the first failure, in milliseconds. */
  first: number;
  /** By how much each wait is longer than the one before. */
  factor: number;
  /** The longest wait, in milliseconds. */
  longest: number;
  /** After how many attempts it is given up. */
  attempts: number;
}

/** The state of a delivery after a failed attempt. */
export type Next = { state: "pending"; wait: number } | { state: "dead" };

/** Identifies an event, so that receivers recognise repeats. */
export interface Origin {
  /** Who published the event: `/services/orders`. With the id it identifies the event. */
  source: string;
  id: string;
}

/**
 * Returns the key of a delivery: the `webhook-id`, and the left part of the Message-ID.
 *
 * **Invariant:** it follows from event, channel and receiver alone, so that every repeat, of whatever process, has the same.
 */
export function keyOf(event: Origin, channel: Channel, receiver: string, what = ""): string {
  const hash = createHash("sha256");
  // Lengths before the parts: no two lists of parts run together to the same text.
  for (const part of [event.source, event.id, Channel[channel], receiver, what]) hash.update(`${Buffer.byteLength(part)}:${part},`);
  return `msg_${hash.digest("hex").slice(0, 40)}`;
}

/** Decides what follows a failed attempt, the `attempts`-th (from 1). `random` is from 0 up to 1. */
export function afterFailure(rules: RetryRules, attempts: number, failure: Failure, random: number): Next {
  if (failure.isFinal || attempts >= rules.attempts) return { state: "dead" };
  const whole = Math.min(rules.first * rules.factor ** (attempts - 1), rules.longest);
  // Half is certain and half is chance: receivers that failed together do not come back together.
  const wait = Math.max(whole / 2 + (whole / 2) * random, Math.min(failure.retryAfter, rules.longest));
  return { state: "pending", wait: Math.round(wait) };
}
