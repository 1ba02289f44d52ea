/** Page and resume tokens: opaque, and bound to the caller and what was asked, so that a changed one is noticed. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import { ErrorReason as Reason } from "@souk/client/gen/souk/policy/v1/error_reason_pb.js";

import { refuse } from "./refusal.js";
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

  /** Returns a token that names a place within a scope: the method, the caller, the filter. */
  issue(scope: readonly string[], place: string): string {
    return Buffer.concat([this.#mac(scope, place), Buffer.from(place)]).toString("base64url");
  }

  /** Returns the place that a token names. Throws INVALID_ARGUMENT when it was changed or is of another scope. */
  open(scope: readonly string[], token: string): string {
    const bytes = Buffer.from(token, "base64url");
    const place = bytes.subarray(MAC_BYTES).toString();
    // Base64 has several writings of the same bytes; only ours is good.
    const isOurs = bytes.length >= MAC_BYTES && bytes.toString("base64url") === token;
    if (isOurs && timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.#mac(scope, place))) return place;
    throw refuse(Reason.INVALID_PAGE_TOKEN, "the page token was changed, or belongs to another caller or another filter");
  }

  #mac(scope: readonly string[], place: string): Buffer {
    return createHmac("sha256", this.key).update(JSON.stringify([scope, place])).digest().subarray(0, MAC_BYTES);
  }
}
