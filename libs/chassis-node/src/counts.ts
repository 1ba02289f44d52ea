/**
 * Counts the items of a request's lists while it is still bytes: two bytes on the wire become two hundred in memory, so a list
 * that is too long is refused before anything of it is decoded.
 */
import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

import { has, rulesOf } from "./bounds.js";
import type { FieldViolation } from "./refusal.js";

/** Shorter messages are not counted before they are decoded: what they become is small, and the validator counts again. */
const UNCOUNTED_BYTES = 1024;
/** How deeply messages are followed into each other. */
const MAX_DEPTH = 100;

/** What is counted in a message: its lists and maps by number, and the fields that hold messages with some. */
export type Shape = ReadonlyMap<number, Counted>;

interface Counted {
  name: string;
  /** The most items; Infinity when the rules say nothing. Undefined for a field that occurs once. */
  most: number | undefined;
  description: string;
  /** The bytes of an item when several are packed together; 0 for integers of variable length, undefined for what has a tag each. */
  packed: number | undefined;
  inner: Shape | undefined;
}

/** The counters of one message. One that comes in several pieces is merged by the decoder, so its counters are kept. */
interface Tally {
  counts: Map<number, number>;
  once: Map<number, Tally>;
}

/** Returns what is counted in a message of this type; undefined when nothing is. What holds itself is counted once, and no further in. */
export function shapeOf(message: DescMessage, within: readonly DescMessage[] = []): Shape | undefined {
  if (within.includes(message)) return undefined;
  const inside = [...within, message];
  const fields = message.fields.flatMap((field): [number, Counted][] => {
    const inner = field.message === undefined ? undefined : field.fieldKind === "map" ? entryShape(field, inside) : shapeOf(field.message, inside);
    const isCounted = field.fieldKind === "list" || field.fieldKind === "map";
    if (!isCounted && inner === undefined) return [];
    return [[field.number, { name: field.name, most: isCounted ? mostOf(field) : undefined, description: describe(field), packed: packedOf(field), inner }]];
  });
  return fields.length === 0 ? undefined : new Map(fields);
}

/** An entry of a map is a message with its value as field 2. */
function entryShape(field: DescField, within: readonly DescMessage[]): Shape | undefined {
  const inner = field.message && shapeOf(field.message, within);
  return inner && new Map([[2, { name: "value", most: undefined, description: "", packed: undefined, inner }]]);
}

function mostOf(field: DescField): number {
  const type = rulesOf(field)?.type;
  if (type?.case === "repeated" && has(type.value, "maxItems")) return Number(type.value.maxItems);
  if (type?.case === "map" && has(type.value, "maxPairs")) return Number(type.value.maxPairs);
  return Infinity;
}

/** The words of the validator, which would say the same after decoding. */
function describe(field: DescField): string {
  return field.fieldKind === "map" ? `map must be at most ${mostOf(field)} entries` : `must contain no more than ${mostOf(field)} item(s)`;
}

function packedOf(field: DescField): number | undefined {
  if (field.fieldKind !== "list" || field.listKind === "message") return undefined;
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return undefined;
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.FLOAT:
      return 4;
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.DOUBLE:
      return 8;
    default:
      return 0;
  }
}

/**
 * Returns the one list of an encoded message that is too long, from the first item too many. Bytes that are no message of this shape
 * are let through from where they stop being one: decoding them fails there.
 */
export function tooMany(bytes: Uint8Array, shape: Shape | undefined, uncountedBytes = UNCOUNTED_BYTES): FieldViolation | undefined {
  if (shape === undefined || bytes.length < uncountedBytes) return undefined;
  try {
    return scan(new BinaryReader(bytes), bytes, bytes.length, shape, "", newTally(), 0);
  } catch {
    return undefined;
  }
}

function newTally(): Tally {
  return { counts: new Map(), once: new Map() };
}

function scan(reader: BinaryReader, bytes: Uint8Array, end: number, shape: Shape, path: string, tally: Tally, depth: number): FieldViolation | undefined {
  if (depth > MAX_DEPTH) return undefined;
  while (reader.pos < end) {
    const [number, wire] = reader.tag();
    const field = shape.get(number);
    if (field === undefined) {
      reader.skip(wire, number);
      continue;
    }
    const isDelimited = wire === WireType.LengthDelimited;
    let length = 0;
    if (isDelimited) length = reader.uint32();
    else reader.skip(wire, number);
    const start = reader.pos;
    if (start + length > end) throw new RangeError("a field ends behind its message");

    let where = path === "" ? field.name : `${path}.${field.name}`;
    let inside = tally;
    if (field.most === undefined) {
      inside = tally.once.get(number) ?? newTally();
      tally.once.set(number, inside);
    } else {
      const before = tally.counts.get(number) ?? 0;
      const count = before + (isDelimited && field.packed !== undefined ? packedItems(bytes, start, length, field.packed) : 1);
      if (count > field.most) return { field: where, description: field.description };
      tally.counts.set(number, count);
      where += `[${before}]`;
      if (field.inner !== undefined) inside = newTally();
    }
    if (isDelimited && field.inner !== undefined) {
      const found = scan(reader, bytes, start + length, field.inner, where, inside, depth + 1);
      if (found !== undefined) return found;
    }
    reader.pos = start + length;
  }
  return undefined;
}

function packedItems(bytes: Uint8Array, start: number, length: number, packed: number): number {
  if (packed > 0) return Math.floor(length / packed);
  let items = 0;
  // The last byte of an integer is the one without the highest bit.
  for (let at = start; at < start + length; at++) items += (bytes[at] ?? 0) < 0x80 ? 1 : 0;
  return items;
}
