/** What no event may carry: fields whose `data_class` in the contract is PERSONAL or SECRET. */
import { clone, getOption, hasOption, type DescField, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { DataClass, field as fieldOption } from "@souk/client/gen/souk/policy/v1/field_pb.js";

const known = new WeakMap<DescMessage, boolean>();

/** Returns the message without its private fields; the message itself when its type has none. */
export function withoutPrivate<D extends DescMessage>(schema: D, message: MessageShape<D>): MessageShape<D> {
  if (!hasPrivate(schema)) return message;
  const bare = clone(schema, message);
  remove(reflect<DescMessage>(schema, bare));
  return bare;
}

function remove(message: ReflectMessage): void {
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    const inner = messageOf(field);
    if (isPrivate(field)) message.clear(field);
    else if (inner === undefined || !hasPrivate(inner)) continue;
    else if (field.fieldKind === "message") remove(message.get(field));
    else if (field.fieldKind === "list") for (const one of message.get(field)) remove(one as ReflectMessage);
    else if (field.fieldKind === "map") for (const one of message.get(field).values()) remove(one as ReflectMessage);
  }
}

/** Returns whether a message of this type, or one inside of it, can have a private field. */
function hasPrivate(schema: DescMessage): boolean {
  let answer = known.get(schema);
  if (answer === undefined) known.set(schema, (answer = search(schema)));
  return answer;
}

function search(schema: DescMessage): boolean {
  const seen = new Set([schema]);
  for (const message of seen) {
    for (const field of message.fields) {
      if (isPrivate(field)) return true;
      const inner = messageOf(field);
      if (inner !== undefined) seen.add(inner);
    }
  }
  return false;
}

function isPrivate(field: DescField): boolean {
  const dataClass = hasOption(field, fieldOption) ? getOption(field, fieldOption).dataClass : DataClass.UNSPECIFIED;
  return dataClass === DataClass.PERSONAL || dataClass === DataClass.SECRET;
}

/** Returns the message that a field holds, or that the items of a list and the values of a map are. */
function messageOf(field: DescField): DescMessage | undefined {
  return field.fieldKind === "scalar" || field.fieldKind === "enum" ? undefined : field.message;
}
