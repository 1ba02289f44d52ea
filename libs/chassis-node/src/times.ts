/** Times from outside: what a calendar has, and nothing else. */
import type { DescField, DescMessage, MessageShape } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";

import type { FieldViolation } from "./refusal.js";

/** 0001-01-01T00:00:00Z and the second after 9999-12-31T23:59:59Z. */
const FIRST_SECOND = -62_135_596_800n;
const END_SECOND = 253_402_300_800n;
/** Ten thousand years. */
const LONGEST_SECONDS = 315_576_000_000n;
const MOST_NANOS = 999_999_999;

const TIMESTAMP_RULE = "must lie in the years 1 to 9999, with nanoseconds from 0 to 999,999,999";
const DURATION_RULE = "must lie within 315,576,000,000 s, with nanoseconds up to 999,999,999 and of the same sign as the seconds";

/** Returns the times and durations in a message that are none, at most `most`. */
export function impossibleTimes<D extends DescMessage>(schema: D, message: MessageShape<D>, most: number): FieldViolation[] {
  const found: FieldViolation[] = [];
  if (holdsTimes(schema)) collect(reflect(schema, message), "", found, most);
  return found;
}

function collect(message: ReflectMessage, path: string, found: FieldViolation[], most: number): void {
  const description = wrongWith(message);
  if (description !== undefined) found.push({ field: path, description });
  for (const field of fieldsWithTimes(message.desc)) {
    if (!message.isSet(field)) continue;
    const where = path === "" ? field.name : `${path}.${field.name}`;
    for (const [key, value] of valuesOf(message, field)) {
      if (found.length >= most) return;
      collect(value as ReflectMessage, `${where}${key}`, found, most);
    }
  }
}

function valuesOf(message: ReflectMessage, field: DescField): [string, unknown][] {
  switch (field.fieldKind) {
    case "message":
      return [["", message.get(field)]];
    case "list":
      return [...message.get(field)].map((value, index) => [`[${index}]`, value]);
    case "map":
      return [...message.get(field)].map(([key, value]) => [`[${JSON.stringify(key)}]`, value]);
    default:
      return [];
  }
}

function wrongWith({ desc, message }: ReflectMessage): string | undefined {
  if (desc.typeName === "google.protobuf.Timestamp") {
    const { seconds, nanos } = message as Timestamp;
    return seconds >= FIRST_SECOND && seconds < END_SECOND && nanos >= 0 && nanos <= MOST_NANOS ? undefined : TIMESTAMP_RULE;
  }
  if (desc.typeName === "google.protobuf.Duration") {
    const { seconds, nanos } = message as Duration;
    const isWithin = seconds >= -LONGEST_SECONDS && seconds <= LONGEST_SECONDS && Math.abs(nanos) <= MOST_NANOS;
    const isOneSign = seconds === 0n || nanos === 0 || seconds > 0n === nanos > 0;
    return isWithin && isOneSign ? undefined : DURATION_RULE;
  }
  return undefined;
}

function holdsTimes(desc: DescMessage): boolean {
  return /^google\.protobuf\.(Timestamp|Duration)$/.test(desc.typeName) || fieldsWithTimes(desc).length > 0;
}

const known = new Map<DescMessage, readonly DescField[]>();

/** Returns the fields of a message through which times are reached. */
function fieldsWithTimes(desc: DescMessage): readonly DescField[] {
  let fields = known.get(desc);
  if (fields === undefined) {
    // A message that holds itself may hold times further in.
    known.set(desc, desc.fields.filter(({ message }) => message !== undefined));
    fields = desc.fields.filter(({ message }) => message !== undefined && holdsTimes(message));
    known.set(desc, fields);
  }
  return fields;
}
