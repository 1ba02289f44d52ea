/** The bytes of all messages that are being read and decoded at once, most of them for those whom the shop depends on. */
import type { Caller } from "./caller.js";

/** Shorter messages are free: the limits of requests bound them. */
const FREE_BYTES = 4096;

type Share = "anonymous" | "user" | "trusted";
const SHARES: Partial<Record<Caller["kind"], Share>> = { anonymous: "anonymous", user: "user", guest: "user" };

export class DecodingBudget {
  readonly #used: Record<Share, number> = { anonymous: 0, user: 0, trusted: 0 };

  /** Each kind of caller may have one of the largest messages, however small its share is. */
  constructor(
    readonly maxBytes: number,
    private readonly maxMessageBytes: number,
  ) {}

  /** Takes `bytes`; returns what gives them back, once, or undefined when there are not enough. */
  reserve(bytes: number, kind: Caller["kind"]): (() => void) | undefined {
    if (bytes <= FREE_BYTES) return () => undefined;
    const share = SHARES[kind] ?? "trusted";
    const part = { anonymous: this.maxBytes / 4, user: this.maxBytes / 2, trusted: this.maxBytes }[share];
    const { anonymous, user, trusted } = this.#used;
    const isTooMuch = this.#used[share] + bytes > Math.max(part, this.maxMessageBytes) || anonymous + user + trusted + bytes > this.maxBytes;
    if (isTooMuch) return undefined;
    this.#used[share] += bytes;
    let isHeld = true;
    return () => {
      if (isHeld) this.#used[share] -= bytes;
      isHeld = false;
    };
  }
}
