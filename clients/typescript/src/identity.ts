/** Who calls, proved by a development token: `souk-dev.<payload>.<mac>`. Real identities come with a later service. */
import { createHmac } from "node:crypto";

/** The key that signs development tokens unless a shop is configured with another. It is no secret. */
export const DEVELOPMENT_KEY = "souk-development-key-that-is-no-secret";

/**
 * Returns a token for `user:ID`, `service:NAME`, `staff` or `staff:ID`. Only shops on loopback addresses accept it.
 *
 * @param who the caller; `anonymous` has no token, so the result is empty
 * @param key the shop's `identity.development_key`, when it has one of its own
 * @param scopes what the token is granted, such as `orders.read`; `*` is every scope. Services and
 *   staff need those that the contract names for each method, users none.
 */
export function developmentToken(who: string, key: string = DEVELOPMENT_KEY, scopes: readonly string[] = []): string {
  if (who === "anonymous") return "";
  // A space in an id must not read as the start of a scope.
  const id = who.replaceAll("%", "%25").replaceAll(" ", "%20");
  const payload = Buffer.from([id, ...scopes].join(" ")).toString("base64url");
  const mac = createHmac("sha256", key).update(payload).digest("base64url");
  return `souk-dev.${payload}.${mac}`;
}
