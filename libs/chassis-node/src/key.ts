/** The key of an event: what the field holds that the contract names in the option `souk.policy.v1.event`. */
import { ScalarType, getOption, hasOption, type DescField, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { event as eventOption } from "@souk/client/gen/souk/policy/v1/event_pb.js";

const paths = new WeakMap<DescMessage, readonly string[]>();

/**
 * Returns the key of an event; empty, which means any order, where a message on the way to it is absent. Throws when the contract
 * does not name the field.
 */
export function keyOf<D extends DescMessage>(schema: D, event: MessageShape<D>): string {
  let path = paths.get(schema);
  if (path === undefined) paths.set(schema, (path = pathOf(schema)));
  let value: unknown = event;
  for (const name of path) value = (value as Record<string, unknown> | undefined)?.[name];
  return (value as string | undefined) ?? "";
}

/** Returns the properties that lead to the key. */
function pathOf(schema: DescMessage): string[] {
  if (!hasOption(schema, eventOption)) throw new Error(`${schema.typeName} has no souk.policy.v1.event option, so it cannot be published as an event`);
  const { key } = getOption(schema, eventOption);
  const path: string[] = [];
  let message: DescMessage | undefined = schema;
  let field: DescField | undefined;
  for (const name of key.split(".")) {
    // A field of a oneof is elsewhere in the message, and not every event has it.
    field = message?.fields.find((one) => one.name === name && one.oneof === undefined);
    message = field?.fieldKind === "message" ? field.message : undefined;
    path.push(field?.localName ?? "");
  }
  if (field?.fieldKind !== "scalar" || field.scalar !== ScalarType.STRING) {
    throw new Error(`souk.policy.v1.event.key of ${schema.typeName} is "${key}", which does not lead to a text of the event`);
  }
  return path;
}
