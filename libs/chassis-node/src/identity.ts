/**
 * Who calls, proved by a development token. The place for real identities, which come later.
 *
 * A token is `souk-dev.<payload>.<mac>`: the payload is the caller, its claims and its scopes separated by spaces, the mac is
 * HMAC-SHA256 over it, both in base64url without padding. Claims are `customer=customer_…`, which the token of every user and guest
 * has, and `expires=…` in seconds since 1970. The key is public unless one is configured, so a server whose address is not loopback
 * refuses such tokens.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

import { DEVELOPMENT_KEY, developmentToken as sign } from "@souk/client";

import { Caller, type Identity } from "./caller.js";
import type { Clock } from "./clock.js";
import { unauthenticated } from "./refusal.js";

export { DEVELOPMENT_KEY };

const PREFIX = "souk-dev.";
/** Longer tokens are refused before anything is computed over them. */
const MAX_TOKEN_LENGTH = 2048;
const MALFORMED = "the authorization header is not 'Bearer souk-dev.<payload>.<mac>'";
const MAX_ID_CHARACTERS = 128;
const ID_RULE = `must be 1 to ${MAX_ID_CHARACTERS} characters, without control characters and spaces at the ends, in Unicode normal form C`;
const CUSTOMER = "customer=";
const EXPIRES = "expires=";
/** The most seconds since 1970 that are a time in microseconds. */
const MAX_SECONDS = 9_223_372_036_854;
const ANONYMOUS: Identity = { caller: Caller.ANONYMOUS, scopes: [] };

/**
 * Returns a token for `who`, whose customer is derived from its name; send it as `authorization: Bearer <token>`. Empty for an
 * anonymous caller, who has none. It is good until `expires`, in whole seconds; without it, it never expires.
 */
export function developmentToken(who: Caller, scopes: readonly string[] = [], key = DEVELOPMENT_KEY, expires?: Date): string {
  return sign(who.key, key, scopes, expires);
}

/** How tokens are verified. */
export interface Verifier {
  identityKey: string;
  /** Development tokens are good on loopback addresses only. */
  isLoopback: boolean;
  clock: Clock;
}

/** Returns who sent a request with this `authorization` header. Throws UNAUTHENTICATED when the token is not right. */
export function identify(header: string | undefined, { identityKey, isLoopback, clock }: Verifier): Identity {
  if (header === undefined) return ANONYMOUS;
  if (!isLoopback) throw unauthenticated("development tokens are accepted on loopback addresses only");
  if (header.length > MAX_TOKEN_LENGTH) throw unauthenticated(`the token is too long, at most ${MAX_TOKEN_LENGTH} bytes are allowed`);
  const [, payload = "", mac = ""] = /^bearer souk-dev\.([\w-]+)\.([\w-]+)$/i.exec(header) ?? [];
  if (payload === "" || !header.slice(7).startsWith(PREFIX)) throw unauthenticated(MALFORMED);
  const [given, right] = [Buffer.from(mac, "base64url"), macOf(identityKey, payload)];
  if (given.length !== right.length || !timingSafeEqual(given, right)) throw unauthenticated("the token's signature is wrong");

  const [who = "", ...words] = textOf(Buffer.from(payload, "base64url")).split(" ");
  const claim = (name: string) => (words[0]?.startsWith(name) === true ? words.shift()?.slice(name.length) : undefined);
  const [customer, expires] = [claim(CUSTOMER), claim(EXPIRES)];
  const caller = Caller.parse(who.replaceAll("%20", " ").replaceAll("%25", "%"), customer);
  if (caller === undefined) throw unauthenticated(MALFORMED);
  const wrong = wrongWithId(caller.id);
  if (wrong !== undefined) throw unauthenticated(`the id of the caller is not allowed: ${wrong}; ${ID_RULE}`);
  checkCustomer(caller, customer);
  if (expires !== undefined && secondsOf(expires) * 1000 <= clock.now().getTime()) throw unauthenticated("the token has expired");
  return { caller, scopes: words };
}

/** The token of a person names the customer that owns what it does, and no other token does. */
function checkCustomer(caller: Caller, customer: string | undefined): void {
  const isPerson = caller.kind === "user" || caller.kind === "guest";
  if (isPerson && customer === undefined) throw unauthenticated("the token of a user names no customer");
  if (!isPerson && customer !== undefined) throw unauthenticated("the token names a customer, and its caller has none");
  if (customer === undefined || /^customer_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(customer)) return;
  throw unauthenticated("the customer of the token must be `customer_` and 26 characters of base 32 (0-9, a-z without i, l, o, u), the first at most 7");
}

/** Reads whole seconds since 1970. */
function secondsOf(text: string): number {
  const seconds = /^[+-]?\d{1,13}$/.test(text) ? Number(text) : Infinity;
  if (Math.abs(seconds) > MAX_SECONDS) throw unauthenticated(MALFORMED);
  return seconds;
}

/** Says in what a text is no id; undefined when it is one. Ids are compared byte by byte and end in logs, events and requests. */
function wrongWithId(id: string): string | undefined {
  if ([...id].length > MAX_ID_CHARACTERS) return "it is too long";
  if (/\p{Cc}/u.test(id)) return "it has a control character";
  if (/^\p{White_Space}|\p{White_Space}$/u.test(id)) return "it begins or ends with a space";
  return id.normalize("NFC") === id ? undefined : "it is not in Unicode's normal form C";
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unauthenticated(MALFORMED);
  }
}

function macOf(key: string, payload: string): Buffer {
  return createHmac("sha256", key).update(payload).digest();
}
