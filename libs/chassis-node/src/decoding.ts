/** The bytes of all messages that are being read and decoded at once, most of them for those whom the shop depends on. */
import type { Caller } from "./caller.js";

/** What each kind of caller may use of the whole. */
const SHARES: Record<Caller["kind"], number> = { anonymous: 1 / 4, user: 1 / 2, service: 1, staff: 1 };

/** Shorter messages are not worth counting. */
const UNCOUNTED_BYTES = 4096;

export class DecodingBudget {
  #used = 0;

  constructor(readonly maxBytes: number) {}

  /** Takes so many bytes; returns what gives them back, once, or undefined when there are none left. One message alone always fits. */
  reserve(bytes: number, kind: Caller["kind"]): (() => void) | undefined {
    if (bytes <= UNCOUNTED_BYTES) return () => undefined;
    if (this.#used > 0 && this.#used + bytes > this.maxBytes * SHARES[kind]) return undefined;
    this.#used += bytes;
    let isHeld = true;
    return () => {
      if (isHeld) this.#used -= bytes;
      isHeld = false;
    };
  }
}
