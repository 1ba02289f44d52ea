/** Times from outside: what a calendar has, and nothing else. */
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** 0001-01-01T00:00:00Z and the second after 9999-12-31T23:59:59Z. */
const FIRST_SECOND = -62_135_596_800n;
const END_SECOND = 253_402_300_800n;
const TIMESTAMP = "google.protobuf.Timestamp";

/** Says which time in a message lies outside the years 1 to 9999 or has impossible nanoseconds; undefined when there is none. */
export function impossibleTime<D extends DescMessage>(schema: D, message: MessageShape<D>): string | undefined {
  return find(reflect(schema, message), "");
}

function find(message: ReflectMessage, path: string): string | undefined {
  if (message.desc.typeName === TIMESTAMP) {
    const { seconds, nanos } = message.message as Timestamp;
    const isPossible = seconds >= FIRST_SECOND && seconds < END_SECOND && nanos >= 0 && nanos <= 999_999_999;
    return isPossible ? undefined : `${path === "" ? "the time" : path} must lie in the years 1 to 9999, with 0 to 999999999 nanos`;
  }
  for (const field of message.fields) {
    if (field.message === undefined || !message.isSet(field)) continue;
    const where = path === "" ? field.name : `${path}.${field.name}`;
    const values = field.fieldKind === "message" ? [message.get(field)] : field.fieldKind === "list" ? [...message.get(field)] : field.fieldKind === "map" ? [...message.get(field).values()] : [];
    for (const [index, value] of values.entries()) {
      const found = find(value as ReflectMessage, values.length > 1 ? `${where}[${index}]` : where);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
