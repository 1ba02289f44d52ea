import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { create, createFileRegistry, fromBinary, setExtension, type DescMessage } from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  MessageOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import { OrderPlacedSchema } from "@souk/client/gen/souk/orders/v1/events_pb.js";
import { EventPolicySchema, event as eventOption } from "@souk/client/gen/souk/policy/v1/event_pb.js";

import { Store } from "../src/index.js";
import { keyOf } from "../src/key.js";
import { folder, type Ending } from "../src/testing.js";
import { SayRequestSchema } from "./gen/souk/echo/v1/echo_pb.js";
import { HappenedSchema } from "./gen/souk/echo/v1/events_pb.js";

function open(t: Ending): Store {
  const store = Store.open({ file: join(folder(t), "test.db") });
  t.after(() => store.close());
  return store;
}

test("the key of an event is what the contract says", async (t) => {
  const store = open(t);
  await store.write((tx) => {
    tx.publish(HappenedSchema, create(HappenedSchema, { name: "a" }));
    tx.publish(OrderPlacedSchema, create(OrderPlacedSchema, { order: { orderId: "order_1" } }));
    tx.publish(OrderPlacedSchema, create(OrderPlacedSchema));
  });
  const written = store.read.all("SELECT kind, key FROM souk_outbox ORDER BY rowid").map(({ kind, key }) => [kind, key]);
  deepEqual(written, [
    [HappenedSchema.typeName, "a"],
    [OrderPlacedSchema.typeName, "order_1"],
    [OrderPlacedSchema.typeName, ""],
  ]);
});

test("an event leaves out what is personal or secret", async (t) => {
  const store = open(t);
  const witness = (name: string) => ({ place: "door", name });
  const seenBy = (name: string) => ({ name: "a", first: witness(name), others: [witness(name)], byDay: { monday: witness(name) } });
  const event = create(HappenedSchema, { ...seenBy("Ann"), page: "https://souk.example/p?key=1" });
  await store.write((tx) => tx.publish(HappenedSchema, event));
  const [row] = store.read.all("SELECT payload FROM souk_outbox");
  deepEqual(fromBinary(HappenedSchema, row?.["payload"] as Uint8Array), create(HappenedSchema, seenBy("")));
  // The caller's message is as it was.
  equal(event.first?.name, "Ann");
});

test("what the contract does not call an event is not published", async (t) => {
  const store = open(t);
  const write = store.write((tx) => tx.publish(SayRequestSchema, create(SayRequestSchema, { name: "a" })));
  await rejects(write, /^Error: souk\.echo\.v1\.SayRequest has no souk\.policy\.v1\.event option/);
  equal(store.read.get("SELECT count(*) AS n FROM souk_outbox")?.["n"], 0);
});

/** Returns an event with fields of several kinds, whose key is said to be at `path`. */
function oddEvent(path: string): DescMessage {
  const options = create(MessageOptionsSchema);
  setExtension(options, eventOption, create(EventPolicySchema, { key: path }));
  const one = { label: Label.OPTIONAL };
  const field = [
    { ...one, name: "text", number: 1, type: Type.STRING },
    { name: "texts", number: 2, type: Type.STRING, label: Label.REPEATED },
    { ...one, name: "number", number: 3, type: Type.INT64 },
    { ...one, name: "odd", number: 4, type: Type.MESSAGE, typeName: ".odd.v1.Odd" },
    { name: "odds", number: 5, type: Type.MESSAGE, typeName: ".odd.v1.Odd", label: Label.REPEATED },
    { ...one, name: "chosen", number: 6, type: Type.STRING, oneofIndex: 0 },
  ];
  const odd = create(DescriptorProtoSchema, { name: "Odd", field, oneofDecl: [{ name: "choice" }], options });
  const file = create(FileDescriptorProtoSchema, { name: "odd.proto", package: "odd.v1", syntax: "proto3", messageType: [odd] });
  const schema = createFileRegistry(file, () => undefined).getMessage("odd.v1.Odd");
  if (schema === undefined) throw new Error("odd.v1.Odd was made just now");
  return schema;
}

test("a key that is no text of the event is refused", () => {
  for (const path of ["", "nobody", "texts", "number", "odd", "odds.text", "text.text", "odd.nobody", "nobody.text", "chosen"]) {
    const schema = oddEvent(path);
    const said = `souk.policy.v1.event.key of odd.v1.Odd is "${path}", which does not lead to a text of the event`;
    throws(() => keyOf(schema, create(schema)), { message: said }, path);
  }
  const deep = oddEvent("odd.odd.text");
  equal(keyOf(deep, create(deep)), "");
});
