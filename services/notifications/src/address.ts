/** What an e-mail address may be: a dot-string at a domain of the Internet (RFC 5321 §4.1.2), without quotes, literals or comments. */
import { domainToUnicode } from "node:url";

const MOST_CHARACTERS = 254;
const MOST_LOCAL_CHARACTERS = 64;
const MOST_DOMAIN_CHARACTERS = 253;
const ATOMS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** What is allowed, for the error message. */
export const ADDRESS_RULE =
  "must be an e-mail address such as name@example.com: no dot at an end of the name or after another one, a domain of at least two " +
  "labels of letters, digits and inner hyphens, and other scripts in their ASCII form (xn--…)";

/** Returns whether a text is an address. */
export function isAddress(text: string): boolean {
  const at = text.lastIndexOf("@");
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || text.length > MOST_CHARACTERS || local.length > MOST_LOCAL_CHARACTERS || domain.length > MOST_DOMAIN_CHARACTERS) return false;
  const labels = domain.split(".");
  if (!ATOMS.test(local) || labels.length < 2 || !labels.every((label) => LABEL.test(label))) return false;
  // A last label of digits would be an IPv4 address, and an A-label must be one that can be read (RFC 5891).
  return !/^[0-9]+$/.test(labels.at(-1) ?? "") && domainToUnicode(domain) !== "";
}
