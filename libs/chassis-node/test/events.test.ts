import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { EventSchema } from "@souk/client/gen/souk/events/v1/event_pb.js";
import { PublishEventsRequestSchema, SubscribeStartSchema } from "@souk/client/gen/souk/events/v1/events_service_pb.js";
import { LogBoundary } from "@souk/client/gen/souk/events/v1/subscription_pb.js";

import { Refusal, Store, validate } from "../src/index.js";
import { ownerOf } from "../src/owner.js";
import { impossibleTimes } from "../src/times.js";
import { Bus, eventually, folder } from "../src/testing.js";
import { HappenedSchema } from "./gen/souk/echo/v1/events_pb.js";
import { spawnEcho } from "./process.js";
import { startEcho, refused } from "./support.js";

const MIGRATIONS = new URL("../../test/migrations/", import.meta.url);

/** Reads what the echo has written down, once it has stopped. */
async function names(dataDir: string): Promise<unknown[]> {
  const store = Store.open({ file: join(dataDir, "echo.db"), migrations: MIGRATIONS });
  const found = store.read.all("SELECT name FROM names ORDER BY number").map(({ name }) => name);
  await store.close();
  return found;
}

test("an event is handled once, however often it is delivered, and acknowledged", async (t) => {
  const [bus, dataDir] = [await Bus.start(t), folder(t)];
  const echo = await startEcho(t, { dataDir, set: { "upstreams.events": bus.address } });
  for (const id of ["1", "2", "1", "1"]) bus.deliverMessage(HappenedSchema, { name: `name ${id}` }, { id: id });
  await eventually(() => bus.acked.length === 4);
  const [start] = bus.starts;
  deepEqual([start?.subscriptionId, start?.eventTypes, start?.startPosition?.start.value], ["echo", [HappenedSchema.typeName], LogBoundary.EARLIEST]);
  match((await echo.page("/metrics")).text, /souk_events_handled_total\{subscription="echo",type="souk.echo.v1.Happened",outcome="handled"\} 4/);
  await echo.stop();
  deepEqual(await names(dataDir), ["handled name 1", "handled name 2"]);
});

test("an event that cannot be handled leaves nothing, is refused with the reason and comes again; others go on", async (t) => {
  const bus = await Bus.start(t);
  await startEcho(t, { set: { "upstreams.events": bus.address } });
  bus.deliverMessage(HappenedSchema, { name: "bad" }, { id: "1" });
  bus.deliverMessage(HappenedSchema, { name: "good" }, { id: "2" });
  await eventually(() => bus.acked.length === 1 && bus.nacks.length >= 3);
  deepEqual([bus.nacks[0]?.reason, bus.nacks[0]?.permanent], ["cannot be handled now", false]);
});

test("an event that can never be read becomes a dead letter at once", async (t) => {
  const bus = await Bus.start(t);
  await startEcho(t, { set: { "upstreams.events": bus.address } });
  bus.deliver({ id: "1", source: "/services/echo", type: HappenedSchema.typeName, data: new Uint8Array([0x0a, 0xff, 0x01]) });
  await eventually(() => bus.nacks.length === 1);
  equal(bus.nacks[0]?.permanent, true);
});

test("types that the subscription lacks are added, and none is taken away", async (t) => {
  const [bus, dataDir] = [await Bus.start(t), folder(t)];
  const other = "souk.echo.v1.Other";
  bus.types = [HappenedSchema.typeName, other];
  const waiting = await startEcho(t, { dataDir, set: { "upstreams.events": bus.address } });
  await eventually(() => waiting.lines.some((line) => line.includes(`it also delivers ${other}, which this version does not handle`)));
  deepEqual(bus.types, [HappenedSchema.typeName, other]);
  bus.types = [];
  await eventually(() => bus.starts.length >= 3);
  deepEqual(bus.types, []);
  // Somebody decides.
  bus.types = [HappenedSchema.typeName];
  bus.deliverMessage(HappenedSchema, { name: "a" }, { id: "1" });
  await eventually(() => bus.acked.length === 1);
  await waiting.stop();
});

test("an event that does not come from the owner of its type is dropped", async (t) => {
  const [bus, dataDir] = [await Bus.start(t), folder(t)];
  const echo = await startEcho(t, { dataDir, set: { "upstreams.events": bus.address } });
  const data = toBinary(HappenedSchema, create(HappenedSchema, { name: "forged" }));
  for (const source of ["/services/recommendations", "/staff/echo", "/services/echo/", "echo", ""]) {
    bus.deliver({ id: `of ${source}`, source, type: HappenedSchema.typeName, data });
  }
  bus.deliverMessage(HappenedSchema, { name: "true" }, { id: "6" });
  await eventually(() => bus.acked.length === 6);
  match((await echo.page("/metrics")).text, /souk_events_foreign_total\{subscription="echo",type="souk.echo.v1.Happened"\} 5/);
  equal(echo.lines.filter((line) => line.includes("does not own this type")).length, 1);
  await echo.stop();
  deepEqual(await names(dataDir), ["handled true"]);
});

test("a type belongs to the service of its package", () => {
  for (const [type, owner] of [
    ["souk.orders.v1.OrderPlaced", "orders"],
    ["acme.gift_cards.v2beta1.Issued", "gift-cards"],
    ["com.example.Happened", "example"],
    ["souk.orders.v1.mail.v1.OrderPlaced", "mail"],
    ["v1.Happened", undefined],
    ["Happened", undefined],
  ] as const) {
    equal(ownerOf(type), owner, type);
  }
});

test("a time that no calendar has is refused for good, and what comes after it is handled", async (t) => {
  const bus = await Bus.start(t);
  await startEcho(t, { set: { "upstreams.events": bus.address } });
  const times = [[2n ** 63n - 1n, 0], [-(2n ** 63n), 0], [0n, -1], [0n, 2_000_000_000], [253_402_300_800n, 0]] as const;
  for (const [index, [seconds, nanos]] of times.entries()) {
    const time = create(TimestampSchema, { seconds, nanos });
    bus.deliver({ id: String(index), source: "/services/echo", type: HappenedSchema.typeName, time, orderingKey: "key" });
  }
  bus.deliverMessage(HappenedSchema, { name: "after" }, { id: "after", key: "key" });
  await eventually(() => bus.acked.length === 1 && bus.nacks.length === times.length);
  ok(bus.nacks.every(({ permanent, reason }) => permanent && reason.includes("years 1 to 9999")));
});

test("a time in a payload is looked at wherever it stands", () => {
  const far = create(TimestampSchema, { seconds: 2n ** 60n });
  const publish = create(PublishEventsRequestSchema, { events: [{}, { time: far }, { time: far }] });
  deepEqual(impossibleTimes(PublishEventsRequestSchema, publish, 1).map(({ field }) => field), ["events[1].time"]);
  deepEqual(impossibleTimes(PublishEventsRequestSchema, publish, 16).map(({ field }) => field), ["events[1].time", "events[2].time"]);
  throws(() => validate(PublishEventsRequestSchema, publish), (error) => error instanceof Refusal && error.domain === "souk.events" && /^field events\[1\]\.time must lie in the years 1 to 9999.*\(and 1 more\)$/.test(error.message));
  const start = (seconds: bigint, nanos: number) => create(SubscribeStartSchema, { ackDeadline: { seconds, nanos } });
  for (const [seconds, nanos] of [[315_576_000_001n, 0], [1n, -1], [0n, 1_000_000_000]] as const) {
    deepEqual(impossibleTimes(SubscribeStartSchema, start(seconds, nanos), 16).map(({ field }) => field), ["ack_deadline"]);
  }
  deepEqual(impossibleTimes(SubscribeStartSchema, start(-315_576_000_000n, -999_999_999), 16), []);
  deepEqual(impossibleTimes(EventSchema, create(EventSchema, { time: { seconds: 253_402_300_799n, nanos: 999_999_999 } }), 16), []);
});

test("an event of a type that was not asked for is acknowledged", async (t) => {
  const bus = await Bus.start(t);
  await startEcho(t, { set: { "upstreams.events": bus.address } });
  bus.deliver({ id: "1", source: "/services/other", type: "souk.other.v1.Other" });
  await eventually(() => bus.acked.length === 1);
});

test("events of one key keep their order", async (t) => {
  const [bus, dataDir] = [await Bus.start(t), folder(t)];
  const echo = await startEcho(t, { dataDir, set: { "upstreams.events": bus.address } });
  for (let number = 0; number < 50; number++) bus.deliverMessage(HappenedSchema, { name: String(number) }, { id: `event ${number}`, key: "key" });
  await eventually(() => bus.acked.length === 50);
  await echo.stop();
  deepEqual(await names(dataDir), Array.from({ length: 50 }, (_, number) => `handled ${number}`));
});

test("a stream that ends is opened again, and so is a bus that went away", async (t) => {
  const bus = await Bus.start(t);
  const echo = await startEcho(t, { set: { "upstreams.events": bus.address } });
  await eventually(() => bus.starts.length === 1);
  bus.cut();
  await eventually(() => bus.starts.length === 2);
  await bus.service.stop().catch(() => undefined);
  await eventually(() => echo.lines.some((line) => line.includes("subscription echo waits for the event bus")));
  equal((await echo.client().say({ name: "you" })).name, "you");
  const again = await Bus.start(t, bus.service.running.address);
  again.deliverMessage(HappenedSchema, { name: "later" }, { id: "1" });
  await eventually(() => again.acked.length === 1);
});

test("a service without a bus serves", async (t) => {
  const echo = await startEcho(t);
  equal((await echo.client().say({ name: "you" })).name, "you");
});

test("what a write publishes goes out with the commit, in order, under the name of the service", async (t) => {
  const bus = await Bus.start(t);
  const echo = await startEcho(t, { set: { "upstreams.events": bus.address } });
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const client = echo.client("user:alice");
  for (const name of ["a", "b", "c"]) await client.save({ requestId: name, name }, { headers: { traceparent } });
  await refused(client.save({ requestId: "d", name: "nobody" }));
  await eventually(() => bus.published.length >= 3);
  deepEqual(bus.published.map(({ data }) => fromBinary(HappenedSchema, data).name), ["a", "b", "c"]);
  const [event] = bus.published;
  match(event?.id ?? "", /^event_[0-9a-hjkmnp-tv-z]{26}$/);
  deepEqual([event?.source, event?.type, event?.subject, event?.orderingKey], ["/services/echo", HappenedSchema.typeName, "a", "a"]);
  match(event?.extensions["traceparent"] ?? "", /^00-4bf92f3577b34da6a3ce929d0e0e4736-/);
  deepEqual([...new Set(bus.callers)], ["service:echo"]);
});

test("a service needs scopes to publish and to subscribe, and its events wait until it has them", async (t) => {
  const [bus, dataDir] = [await Bus.start(t), folder(t)];
  const set = { "upstreams.events": bus.address, "identity.scopes": "events.subscribe" };
  const poor = await startEcho(t, { dataDir, set });
  await eventually(() => bus.starts.length === 1);
  await poor.client("user:alice").save({ requestId: "a", name: "a" });
  await eventually(() => poor.lines.some((line) => /events of echo wait for the event bus: .*the scope events\.publish/.test(line)));
  deepEqual(bus.published, []);
  await poor.stop();

  const rich = await startEcho(t, { dataDir, set: { ...set, "identity.scopes": "events.publish" } });
  await eventually(() => bus.published.length === 1);
  await eventually(() => rich.lines.some((line) => /subscription echo waits for the event bus: .*the scope events\.subscribe/.test(line)));
});

test("events wait for a bus that is away, and one that is refused for good does not hold up the others", async (t) => {
  const bus = await Bus.start(t);
  bus.isAway = true;
  bus.refuses = "b";
  const echo = await startEcho(t, { set: { "upstreams.events": bus.address } });
  for (const name of ["a", "b", "c"]) await echo.client("user:alice").save({ requestId: name, name });
  await eventually(() => echo.lines.some((line) => line.includes("events of echo wait for the event bus")));
  bus.isAway = false;
  await eventually(() => bus.published.length === 2);
  deepEqual(bus.published.map(({ orderingKey }) => orderingKey), ["a", "c"]);
  await eventually(async () => (await echo.page("/metrics")).text.includes('souk_outbox_refused_total{service="echo"} 1'));
});

test("an event for which the bus refuses the whole request is set aside alone", async (t) => {
  const bus = await Bus.start(t);
  bus.isAway = true;
  bus.invalid = "b";
  const echo = await startEcho(t, { set: { "upstreams.events": bus.address } });
  for (const name of ["a", "b", "c"]) await echo.client("user:alice").save({ requestId: name, name });
  bus.isAway = false;
  await eventually(() => bus.published.length === 2);
  deepEqual(bus.published.map(({ orderingKey }) => orderingKey), ["a", "c"]);
  await eventually(async () => (await echo.page("/metrics")).text.includes('souk_outbox_refused_total{service="echo"} 1'));
});

test("a process that dies between the effect and the acknowledgement has the effect once", async (t) => {
  const [bus, dataDir] = [await Bus.start(t), folder(t)];
  const environment = { ECHO__UPSTREAMS__EVENTS: bus.address };
  bus.deliverMessage(HappenedSchema, { name: "once" }, { id: "1" });
  const killed = await spawnEcho(t, dataDir, { ...environment, KILL_AFTER_COMMIT: "1" }, { waits: false });
  equal(await killed.ended, "SIGKILL");
  deepEqual(bus.acked, []);
  const echo = await spawnEcho(t, dataDir, environment);
  await eventually(() => bus.acked.length === 1);
  echo.kill("SIGTERM");
  equal(await echo.ended, 0);
  deepEqual(await names(dataDir), ["handled once"]);
});
