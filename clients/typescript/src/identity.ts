/** Who calls, proved by a development token: `souk-dev.<payload>.<mac>`. Real identities come with a later service. */
import { createHash, createHmac } from "node:crypto";

/** The key that signs development tokens unless a shop is configured with another. It is no secret. */
export const DEVELOPMENT_KEY = "souk-development-key-that-is-no-secret";

/** The digits of base 32 (Crockford), in which TypeIDs are written. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
/** ISO OID, the namespace of RFC 9562, §6.6. */
const NAMESPACE_OID = Buffer.from("6ba7b8129dad11d180b400c04fd430c8", "hex");
const NAMESPACE = uuidOf(NAMESPACE_OID, "souk.customer");

/**
 * Returns the customer, `customer_…`, of `user:ID` or `guest:ID`, as development tokens derive it: a UUIDv5 (RFC 9562) as a
 * TypeID. With tokens of an identity provider the customer is what the token says.
 */
export function customerOf(who: string): string {
  let number = BigInt(`0x${uuidOf(NAMESPACE, who).toString("hex")}`);
  let text = "";
  for (let digit = 0; digit < 26; digit++) {
    text = ALPHABET.charAt(Number(number & 31n)) + text;
    number >>= 5n;
  }
  return `customer_${text}`;
}

/**
 * Returns a token for `user:ID`, `guest:ID`, `service:NAME`, `staff` or `staff:ID`. Only shops on loopback addresses accept it.
 *
 * @param who the caller; `anonymous` has no token, so the result is empty. The token of a user or guest names its customer,
 *   see {@link customerOf}.
 * @param key the shop's `identity.development_key`, when it has one of its own
 * @param scopes what the token is granted, such as `orders.read`; `*` is every scope. Services and
 *   staff need those that the contract names for each method, users none.
 * @param expires until when the token is accepted, in whole seconds; without it, the token never expires
 */
export function developmentToken(who: string, key: string = DEVELOPMENT_KEY, scopes: readonly string[] = [], expires?: Date): string {
  if (who === "anonymous") return "";
  // A space in an id must not read as the start of a claim or scope.
  const words = [who.replaceAll("%", "%25").replaceAll(" ", "%20")];
  if (/^(user|guest):/.test(who)) words.push(`customer=${customerOf(who)}`);
  if (expires !== undefined) words.push(`expires=${Math.floor(expires.getTime() / 1000)}`);
  const payload = Buffer.from([...words, ...scopes].join(" ")).toString("base64url");
  const mac = createHmac("sha256", key).update(payload).digest("base64url");
  return `souk-dev.${payload}.${mac}`;
}

/** Returns the 16 bytes of the UUIDv5 of a name. */
function uuidOf(namespace: Buffer, name: string): Buffer {
  const bytes = createHash("sha1").update(namespace).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes;
}
