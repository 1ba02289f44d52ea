/** Page and resume tokens: opaque, and bound to the caller and what was asked, so that a changed one is noticed. */
import { createHmac, timingSafeEqual } from "node:crypto";

const MAC_BYTES = 16;

/** Signs and opens tokens with one key. */
export class Tokens {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Returns a token that names a place within a scope: the method, the caller, the filter. */
  issue(scope: readonly string[], place: string): string {
    return Buffer.concat([this.#mac(scope, place), Buffer.from(place)]).toString("base64url");
  }

  /** Returns the place that a token names; undefined when it was changed or is of another scope. */
  open(scope: readonly string[], token: string): string | undefined {
    const bytes = Buffer.from(token, "base64url");
    // One token has one writing.
    if (bytes.length < MAC_BYTES || bytes.toString("base64url") !== token) return undefined;
    const place = bytes.subarray(MAC_BYTES).toString();
    return timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.#mac(scope, place)) ? place : undefined;
  }

  #mac(scope: readonly string[], place: string): Buffer {
    return createHmac("sha256", this.#key).update(JSON.stringify([scope, place])).digest().subarray(0, MAC_BYTES);
  }
}
