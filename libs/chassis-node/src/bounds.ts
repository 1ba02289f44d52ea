/** How large a request may be: the most bytes that the rules of its fields allow, added up as docs/service-contract.md says (C-VALID-6). */
import { getOption, ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { field as rulesOption, type FieldRules, type StringRules } from "@souk/client/gen/buf/validate/validate_pb.js";

const KIB = 1024;
/** What a string counts that has a short pattern and no other rule that bounds it. */
const PATTERN_BYTES = 64;
/** What a google.protobuf.FieldMask counts: its rules bound the paths, not their number. */
const FIELD_MASK_BYTES = 4 * KIB;
const UNBOUNDED_TYPES = new Set(["Any", "Struct", "Value", "ListValue"].map((name) => `google.protobuf.${name}`));

type Rules = Partial<FieldRules> | undefined;

/** Returns the largest request of a method in bytes, a margin for fields of newer callers included; Infinity when a field has no bound. */
export function maxRequestBytes(request: DescMessage): number {
  const size = sizeOf(request, []);
  return Math.ceil((size + Math.max(size / 4, KIB)) / KIB) * KIB;
}

/** The most bytes of a message, without its own tag and length. `within` are the messages around it. */
function sizeOf(message: DescMessage, within: readonly DescMessage[]): number {
  const inside = [...within, message];
  return message.members
    .map((member) => (member.kind === "oneof" ? Math.max(0, ...member.fields.map((field) => sizeOfField(field, inside))) : sizeOfField(member, inside)))
    .reduce((sum, bytes) => sum + bytes, 0);
}

/** The most bytes of a field, its tags included, however often it may occur. */
function sizeOfField(field: DescField, within: readonly DescMessage[]): number {
  const tag = varintBytes(field.number * 8);
  const rules = rulesOf(field);
  switch (field.fieldKind) {
    case "list": {
      const list = rules?.type?.case === "repeated" ? rules.type.value : undefined;
      const item = field.listKind === "message" ? sizeOfMessage(field.message, within) : sizeOfScalar(field.scalar, list?.items);
      return times(countOf(list?.maxItems, list, "maxItems"), tag + item);
    }
    case "map": {
      const map = rules?.type?.case === "map" ? rules.type.value : undefined;
      const value = field.mapKind === "message" ? sizeOfMessage(field.message, within) : sizeOfScalar(field.scalar, map?.values);
      const entry = 1 + sizeOfScalar(field.mapKey, map?.keys) + 1 + value;
      return times(countOf(map?.maxPairs, map, "maxPairs"), tag + delimited(entry));
    }
    case "message":
      return tag + sizeOfMessage(field.message, within);
    default:
      return tag + sizeOfScalar(field.scalar, rules);
  }
}

function sizeOfMessage(message: DescMessage, within: readonly DescMessage[]): number {
  if (message.typeName === "google.protobuf.FieldMask") return delimited(FIELD_MASK_BYTES);
  // What holds itself has no largest value.
  if (UNBOUNDED_TYPES.has(message.typeName) || within.includes(message)) return Infinity;
  return delimited(sizeOf(message, within));
}

/** The most bytes of one value, its length included; an enum has no scalar type. */
function sizeOfScalar(scalar: ScalarType | undefined, rules: Rules): number {
  switch (scalar) {
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.FLOAT:
      return 4;
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.DOUBLE:
      return 8;
    case ScalarType.STRING:
      return delimited(rules?.type?.case === "string" ? stringBytes(rules.type.value) : Infinity);
    case ScalarType.BYTES: {
      const bytes = rules?.type?.case === "bytes" ? rules.type.value : undefined;
      return delimited(Math.min(countOf(bytes?.len, bytes, "len"), countOf(bytes?.maxLen, bytes, "maxLen")));
    }
    default:
      return 10;
  }
}

/** The most bytes of a string with these rules: the least that any of them allows. */
function stringBytes(rules: StringRules): number {
  const bounds = [
    4 * countOf(rules.len, rules, "len"),
    4 * countOf(rules.maxLen, rules, "maxLen"),
    countOf(rules.lenBytes, rules, "lenBytes"),
    countOf(rules.maxBytes, rules, "maxBytes"),
    has(rules, "const") ? Buffer.byteLength(rules.const) : Infinity,
    rules.in.length > 0 ? Math.max(...rules.in.map((text) => Buffer.byteLength(text))) : Infinity,
    rules.wellKnown.case === "email" && rules.wellKnown.value ? 254 : Infinity,
    rules.wellKnown.case === "uuid" && rules.wellKnown.value ? 36 : Infinity,
  ];
  const least = Math.min(...bounds);
  return least === Infinity && has(rules, "pattern") && isShort(rules.pattern) ? PATTERN_BYTES : least;
}

/** Whether a pattern holds the whole text and repeats nothing without a small end. Of our own contract souk-codegen checks it exactly. */
function isShort(pattern: string): boolean {
  const most = [...pattern.matchAll(/\{[0-9]+(?:,([0-9]*))?\}/g)].map(([whole, end]) => Number(end ?? whole.slice(1, -1)) || Infinity);
  const isOpen = /(?<!\\)[*+]/.test(pattern.replaceAll(/\[[^\]]*\]/g, ""));
  return /^\^.*\$$/s.test(pattern) && !isOpen && most.every((end) => end <= PATTERN_BYTES);
}

export function rulesOf(field: DescField): FieldRules | undefined {
  return field.proto.options === undefined ? undefined : getOption(field, rulesOption);
}

/** Returns the value of a rule that was set, Infinity without it. The rules are proto2: a rule that was not set is on the prototype only. */
function countOf<T extends object>(value: bigint | undefined, rules: T | undefined, name: keyof T): number {
  return value !== undefined && rules !== undefined && has(rules, name) ? Number(value) : Infinity;
}

/** Returns whether a rule was set. */
export function has<T extends object>(rules: T, name: keyof T): boolean {
  return Object.hasOwn(rules, name);
}

function times(count: number, bytes: number): number {
  return count === 0 ? 0 : count * bytes;
}

function delimited(bytes: number): number {
  return bytes + (bytes === Infinity ? 0 : varintBytes(bytes));
}

function varintBytes(number: number): number {
  return Math.max(1, Math.ceil(Math.log2(number + 1) / 7));
}
