/** How columns are read and written: whole numbers, text and bytes; times are whole microseconds. */
import type { Value } from "@souk/chassis";

/** Returns a whole number. */
export function whole(value: Value | undefined): number {
  const number = Number(value);
  if (value === null || value === undefined || !Number.isSafeInteger(number)) throw new Error("a column that should hold a whole number does not");
  return number;
}

/** Returns text. */
export function text(value: Value | undefined): string {
  if (typeof value !== "string") throw new Error("a column that should hold text does not");
  return value;
}

/** Returns bytes. */
export function bytes(value: Value | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Error("a column that should hold bytes does not");
  return value;
}

/** Returns a time. */
export function time(value: Value | undefined): Date {
  return new Date(whole(value) / 1000);
}

/** Returns a time; undefined when there is none. */
export function timeOrNone(value: Value | undefined): Date | undefined {
  return value === null || value === undefined ? undefined : time(value);
}

/** Returns a time as it is stored. */
export function micros(date: Date): number {
  return date.getTime() * 1000;
}

/** Returns a time as it is stored, or NULL. */
export function microsOrNull(date: Date | undefined): number | null {
  return date === undefined ? null : micros(date);
}

/** Returns `?, ?, ?` for a list of values. */
export function marks(count: number): string {
  return new Array<string>(count).fill("?").join(", ");
}
