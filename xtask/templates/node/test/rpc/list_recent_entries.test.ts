import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import { Code } from "@souk/chassis";

import { refused, running } from "../support.js";

test("the newest come first and no more than asked for", async (t) => {
  const { record, recent } = await running(t);
  for (let number = 0; number < 25; number++) await record(`r${number}`, String(number));
  deepEqual(await recent("user:alice", 2), ["24", "23"]);
  equal((await recent()).length, 20);
});

test("a customer sees its own entries only", async (t) => {
  const { record, recent } = await running(t);
  await record("r1", "of alice");
  deepEqual(await recent("user:bob"), []);
  deepEqual(await recent("guest:alice"), []);
  equal((await refused(recent("service:orders"))).code, Code.PermissionDenied);
});
