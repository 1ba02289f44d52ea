/** TypeIDs: a prefix and a UUIDv7 in Crockford's base 32, `event_01h455vb4pex5vsknk084sn02q`. They sort by time. */
import { randomBytes } from "node:crypto";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** Returns a new id that begins with the time. */
export function newId(prefix: string, now: Date): string {
  const random = randomBytes(10);
  let number = BigInt(now.getTime()) << 80n;
  number |= BigInt(`0x${random.toString("hex")}`);
  // Version 7 and variant 10 (RFC 9562 §5.7).
  number = (number & ~(0xfn << 76n)) | (7n << 76n);
  number = (number & ~(3n << 62n)) | (2n << 62n);
  let text = "";
  for (let digit = 0; digit < 26; digit++) {
    text = ALPHABET.charAt(Number(number & 31n)) + text;
    number >>= 5n;
  }
  return `${prefix}_${text}`;
}
