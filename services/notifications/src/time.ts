/** Units of time in milliseconds, and times of the contract: those of the years 1 to 9999, which every language and format can write. */
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";

export const SECOND_MS = 1000;
export const HOUR_MS = 3600 * SECOND_MS;
export const DAY_MS = 24 * HOUR_MS;
export const DAY_SECONDS = DAY_MS / SECOND_MS;

const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;
const MOST_NANOS = 999_999_999;

/** Returns a time as a Date. Throws a RangeError when it lies outside the years 1 to 9999, as the seconds of a clock in milliseconds do. */
export function dateOf(time: Timestamp): Date {
  if (!isGood(time)) throw new RangeError("a time outside the years 1 to 9999");
  return timestampDate(time);
}

/** Returns a time in microseconds since 1970, rounded up, so that "at or after it" means the same; undefined outside the years 1 to 9999. */
export function microsOf(time: Timestamp): number | undefined {
  if (!isGood(time)) return undefined;
  const micros = time.seconds * 1_000_000n + BigInt(Math.ceil(time.nanos / 1000));
  // Times before 1684 and after 2255 are not exact as a number, and nothing of this service is that old or new.
  return Number(micros);
}

function isGood({ seconds, nanos }: Timestamp): boolean {
  return seconds >= FIRST_SECOND && seconds <= LAST_SECOND && nanos >= 0 && nanos <= MOST_NANOS;
}
