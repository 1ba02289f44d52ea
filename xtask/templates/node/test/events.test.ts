import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import { eventually } from "@souk/chassis/testing";
import { customerOf } from "@souk/client";
import { OrderPlacedSchema } from "@souk/client/gen/souk/orders/v1/events_pb.js";

import { running } from "./support.js";

const ALICE = customerOf("user:alice");

const placed = (orderId: string, customerId: string) => ({ order: { orderId, customerId } });

test("an order is recorded once and published, however often it is delivered", async (t) => {
  const { bus, recent } = await running(t);
  for (const _ of [1, 2]) bus.deliverMessage(OrderPlacedSchema, placed("order_1", ALICE), { id: "1" });
  await eventually(() => bus.acked.length === 2);
  deepEqual(await recent(), ["placed order_1"]);
  await eventually(() => bus.published.length === 1);
  deepEqual([bus.published[0]?.orderingKey, bus.starts[0]?.subscriptionId], [ALICE, "{{name}}"]);
});

test("an order of a customer at the limit is passed over", async (t) => {
  const { bus, record, recent } = await running(t, { set: { "entries.most_per_customer": 1 } });
  await record("r1", "hello");
  bus.deliverMessage(OrderPlacedSchema, placed("order_1", ALICE), { id: "1" });
  await eventually(() => bus.acked.length === 1);
  deepEqual(await recent(), ["hello"]);
});

test("a sale without a customer is passed over", async (t) => {
  const { bus } = await running(t);
  bus.deliverMessage(OrderPlacedSchema, placed("order_1", ""), { id: "1" });
  await eventually(() => bus.acked.length === 1);
  deepEqual(bus.published, []);
});

test("an event without an order is rejected for good", async (t) => {
  const { bus } = await running(t);
  bus.deliverMessage(OrderPlacedSchema, placed("", ALICE), { id: "1" });
  await eventually(() => bus.nacks.length === 1);
  equal(bus.nacks[0]?.permanent, true);
});
