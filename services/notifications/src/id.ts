/** TypeIDs: a word and 26 characters of base32 over a UUID, `webhook_01h455vb4pex5vsknk084sn02q`. Ours are UUIDv7, so they sort by time. */
import { randomBytes } from "node:crypto";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** What an id can name here. */
export type Named = "webhook" | "delivery" | "message";

/** Returns a new id at this time. */
export function newId(named: Named, now: Date, random: (bytes: number) => Buffer = randomBytes): string {
  const uuid = random(16);
  uuid.writeUIntBE(now.getTime(), 0, 6);
  uuid[6] = 0x70 | ((uuid[6] ?? 0) & 0x0f);
  uuid[8] = 0x80 | ((uuid[8] ?? 0) & 0x3f);
  return `${named}_${base32(uuid)}`;
}

/** 128 bits in 26 characters: the first has the 3 highest. */
function base32(uuid: Buffer): string {
  let value = BigInt(`0x${uuid.toString("hex")}`);
  let text = "";
  for (let at = 0; at < 26; at += 1) {
    text = (ALPHABET[Number(value & 31n)] ?? "") + text;
    value >>= 5n;
  }
  return text;
}
