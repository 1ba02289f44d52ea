/** Messages as text for logs, without what the contract says must never be logged. */
import { create, type DescField, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { toJsonString } from "@bufbuild/protobuf";

/** Returns a message as JSON with every field left out that the contract marks `debug_redact`, at any depth. */
export function redacted<D extends DescMessage>(schema: D, message: MessageShape<D>): string {
  return toJsonString(schema, without(reflect(schema, message)).message as MessageShape<D>, { useProtoFieldName: true });
}

function without(message: ReflectMessage): ReflectMessage {
  const copy = reflect(message.desc, create(message.desc));
  for (const field of message.fields) {
    if (message.isSet(field) && !isSecret(field)) copyField(message, copy, field);
  }
  return copy;
}

function copyField(from: ReflectMessage, to: ReflectMessage, field: DescField): void {
  if (field.fieldKind === "message") to.set(field, without(from.get(field)));
  else if (field.fieldKind === "list" && field.listKind === "message") {
    const list = to.get(field);
    for (const item of from.get(field)) list.add(without(item as ReflectMessage));
  } else if (field.fieldKind === "map" && field.mapKind === "message") {
    const map = to.get(field);
    for (const [key, item] of from.get(field)) map.set(key, without(item as ReflectMessage));
  } else to.set(field, from.get(field));
}

function isSecret(field: DescField): boolean {
  return field.proto.options?.debugRedact === true;
}
