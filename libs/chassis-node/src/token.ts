/** Page and resume tokens: opaque, and bound to the caller and what was asked, so that a changed one is noticed. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import type { Store } from "./store.js";

const MAC_BYTES = 16;

/** Signs and opens tokens with one key; those who must open each other's share it. */
export class Tokens {
  constructor(private readonly key: Uint8Array) {}

  /** Returns the tokens of a store: its key is made once and kept there, so that a restart opens older tokens. */
  static async of(store: Store): Promise<Tokens> {
    return store.write((tx) => {
      tx.run("INSERT INTO souk_token_key (one, bytes) VALUES (1, ?) ON CONFLICT DO NOTHING", randomBytes(32));
      return new Tokens(tx.get("SELECT bytes FROM souk_token_key")?.["bytes"] as Uint8Array);
    });
  }

  /** Returns a token for a position within a scope: the method, the caller, the filter. */
  issue(scope: readonly string[], position: string): string {
    return Buffer.concat([this.#mac(scope, position), Buffer.from(position)]).toString("base64url");
  }

  /** Returns the position of a token; undefined when it was changed or belongs to another scope. See `pageOf` for pages. */
  open(scope: readonly string[], token: string): string | undefined {
    const bytes = Buffer.from(token, "base64url");
    // Base64 can write the same bytes in several ways; only ours is valid.
    if (bytes.length < MAC_BYTES || bytes.toString("base64url") !== token) return undefined;
    const position = bytes.subarray(MAC_BYTES).toString();
    return timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.#mac(scope, position)) ? position : undefined;
  }

  #mac(scope: readonly string[], position: string): Buffer {
    return createHmac("sha256", this.key).update(JSON.stringify([scope, position])).digest().subarray(0, MAC_BYTES);
  }
}
