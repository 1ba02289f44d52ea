import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";

import { fromBinary } from "@bufbuild/protobuf";
import { Code } from "@souk/chassis";
import { eventually, folder } from "@souk/chassis/testing";
import { customerOf } from "@souk/client";
import { EntryRecordedSchema } from "@souk/client/gen/souk/{{package}}/v1/events_pb.js";

import { refused, running } from "../support.js";

test("an entry is kept across a restart", async (t) => {
  const dataDir = folder(t);
  const first = await running(t, { dataDir });
  const { entry } = await first.record("r1", "hello");
  match(entry?.entryId ?? "", /^entry_/);
  deepEqual([entry?.customerId, entry?.text], [customerOf("user:alice"), "hello"]);
  deepEqual(await first.findings(), []);
  await first.stop();
  deepEqual(await (await running(t, { dataDir })).recent(), ["hello"]);
});

test("recording twice with one request id gives one entry", async (t) => {
  const service = await running(t);
  deepEqual(await service.record("r1", "hello"), await service.record("r1", "hello"));
  deepEqual(await service.recent(), ["hello"]);
  const { code, info } = await refused(service.record("r1", "goodbye"));
  deepEqual([code, info?.reason], [Code.FailedPrecondition, "ERROR_REASON_REQUEST_ID_REUSED"]);
});

test("a customer has no more entries than the settings allow", async (t) => {
  const service = await running(t, { set: { "entries.most_per_customer": 1 } });
  await service.record("r1", "hello");
  const { code, info } = await refused(service.record("r2", "again"));
  deepEqual([code, info?.reason, info?.domain], [Code.FailedPrecondition, "ERROR_REASON_TOO_MANY_ENTRIES", "souk.{{package}}"]);
  deepEqual(info?.metadata, { most: "1" });
  await service.record("r1", "of another", "user:bob");
});

test("nobody records an entry of another customer", async (t) => {
  const service = await running(t);
  const { code, info, fields } = await refused(service.record("r1", "hello", "user:alice", customerOf("user:bob")));
  deepEqual([code, info?.reason, fields], [Code.PermissionDenied, "ERROR_REASON_OTHER_CUSTOMER", ["customer_id"]]);
  const { entry } = await service.record("r1", "hello", "guest:x", "me");
  equal(entry?.customerId, customerOf("guest:x"));
});

test("an entry without a text is refused", async (t) => {
  const { code, fields } = await refused((await running(t)).record("r1", ""));
  deepEqual([code, fields], [Code.InvalidArgument, ["text"]]);
});

test("each entry is published once and in order", async (t) => {
  const { bus, record } = await running(t);
  for (const text of ["a", "b", "c"]) await record(text, text);
  await eventually(() => bus.published.length === 3);
  deepEqual(bus.published.map(({ data }) => fromBinary(EntryRecordedSchema, data).entry?.text), ["a", "b", "c"]);
  equal(bus.published[0]?.orderingKey, customerOf("user:alice"));
});
