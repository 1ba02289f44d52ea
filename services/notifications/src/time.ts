/** Units of time in milliseconds, and times of the contract: those of the years 1 to 9999, which every language and format can write. */
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";

export const SECOND_MS = 1000;
export const HOUR_MS = 3600 * SECOND_MS;
export const DAY_MS = 24 * HOUR_MS;

const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;
const MOST_NANOS = 999_999_999;

/** Returns a time as a Date. Throws a RangeError when it lies outside the years 1 to 9999, as the seconds of a clock in milliseconds do. */
export function dateOf(time: Timestamp): Date {
  const isGood = time.seconds >= FIRST_SECOND && time.seconds <= LAST_SECOND && time.nanos >= 0 && time.nanos <= MOST_NANOS;
  if (!isGood) throw new RangeError("a time outside the years 1 to 9999");
  return timestampDate(time);
}
