/** From an event to what is written down: messages, deliveries, and each event once. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Caller } from "@souk/chassis";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import {
  Channel,
  CreateWebhookEndpointRequestSchema,
  NotificationKind as Kind,
  OrderPlacedSchema,
  StockChangedSchema,
  UpdatePreferencesRequestSchema,
  WatchMessagesRequestSchema,
} from "#src/contract.js";
import { purge } from "#src/retention.js";
import { createWebhookEndpoint } from "#src/rpc/create_webhook_endpoint.js";
import { updatePreferences } from "#src/rpc/update_preferences.js";
import { watchMessages } from "#src/rpc/watch_messages.js";
import type { Notifications } from "#src/service.js";
import { audit } from "#src/store/audit.js";
import { listDeliveries } from "#src/store/deliveries.js";
import { messagesAfter } from "#src/store/messages.js";
import { watchedSkus } from "#src/store/preferences.js";
import { contextOf, event, eventually, folder, LOOPBACK, ManualClock, order, orderPlaced, running } from "./support.js";

const alice = Caller.user("alice");
const erp = Caller.service("erp");
const never = new AbortController().signal;

/** The deliveries of a service, without those of others. */
const deliveries = (service: Notifications) => listDeliveries(service.store.read, {}, { after: 0 }, 1000);

async function prefer(service: Notifications, paths: string[], more: object): Promise<void> {
  await updatePreferences(service, create(UpdatePreferencesRequestSchema, { updateMask: { paths }, ...more }), alice);
}

test("a customer who has set nothing is told in the shop and by e-mail", async (t) => {
  const { service } = await running(t);
  await service.hear(orderPlaced("alice"));

  const [message] = messagesAfter(service.store.read, "alice", 0, 10);
  assert.equal(message?.title, "Your order INV-1042 is placed");
  assert.equal(message?.body, "2 line(s), £22.40 in all.");
  assert.equal(message?.sequence, 1);
  assert.deepEqual(deliveries(service).map(({ channel, account, kind }) => [channel, account, kind]), [[Channel.EMAIL, "alice", Kind.ORDER_PLACED]]);
});

test("an event that comes again has its effect once", async (t) => {
  const { service } = await running(t);
  const placed = orderPlaced("alice");
  for (let time = 0; time < 3; time += 1) await service.hear(placed);
  await Promise.all([service.hear(placed), service.hear(placed)]);
  // The same id of another source is another event.
  await service.hear({ ...placed, source: "/services/other" });

  assert.equal(messagesAfter(service.store.read, "alice", 0, 10).length, 2);
  assert.equal(deliveries(service).length, 2);
});

test("preferences decide kinds and channels, and unsubscribing ends a kind", async (t) => {
  const { service } = await running(t);
  await prefer(service, ["kinds"], { kinds: [{ kind: Kind.ORDER_PLACED, channels: [] }] });
  await service.hear(orderPlaced("alice"));
  assert.equal(messagesAfter(service.store.read, "alice", 0, 10).length, 0);
  assert.equal(deliveries(service).length, 0);

  await prefer(service, ["kinds", "default_channels"], { kinds: [], defaultChannels: [Channel.IN_APP] });
  await service.hear(orderPlaced("alice"));
  assert.equal(messagesAfter(service.store.read, "alice", 0, 10).length, 1);
  assert.equal(deliveries(service).length, 0);
});

test("with a mail server and no address nothing is mailed", async (t) => {
  const { service } = await running(t, { "smtp.url": "smtp://127.0.0.1:9" });
  await service.hear(orderPlaced("alice"));
  assert.equal(messagesAfter(service.store.read, "alice", 0, 10).length, 1);
  assert.equal(deliveries(service).length, 0);
});

test("history that is imported or replayed is told to programs and to no customer", async (t) => {
  const { service } = await running(t, LOOPBACK);
  const request = { requestId: "1", url: "http://127.0.0.1:9/", eventTypes: ["souk.orders.v1.*"] };
  await createWebhookEndpoint(service, create(CreateWebhookEndpointRequestSchema, request), contextOf(erp));
  const old = timestampFromDate(new Date("2010-12-01T08:26:00Z"));
  await service.hear(event(OrderPlacedSchema, { order: order("alice", { effectiveTime: old }) }));
  await service.hear(orderPlaced("alice", { time: old }));

  assert.equal(messagesAfter(service.store.read, "alice", 0, 10).length, 0);
  assert.deepEqual(deliveries(service).map(({ channel }) => channel), [Channel.WEBHOOK, Channel.WEBHOOK]);
});

test("who watches a sku is told once when it is back, and taken off the queue", async (t) => {
  const { service } = await running(t);
  await prefer(service, ["watched_skus"], { watchedSkus: ["MUG-7", "TOWEL-1"] });
  const back = () => event(StockChangedSchema, { stock: { sku: "MUG-7", onHand: 3n }, movement: { onHandChange: 3n } });
  await service.hear(back());
  await service.hear(back());

  assert.deepEqual(messagesAfter(service.store.read, "alice", 0, 10).map(({ title }) => title), ["MUG-7 is available again"]);
  assert.deepEqual(watchedSkus(service.store.read, "alice"), ["TOWEL-1"]);
});

test("an event that cannot be read changes nothing and can come again", async (t) => {
  const { service } = await running(t);
  const placed = orderPlaced("alice");
  await assert.rejects(service.hear({ ...placed, data: new Uint8Array([255, 255]) }));
  await service.hear(placed);
  assert.equal(messagesAfter(service.store.read, "alice", 0, 10).length, 1);
});

test("the stream goes on after the resume token, without a gap or a repeat", async (t) => {
  const { service } = await running(t);
  await service.hear(orderPlaced("alice"));
  await service.hear(orderPlaced("alice"));
  await service.hear(orderPlaced("bob"));

  const first = watchMessages(service, create(WatchMessagesRequestSchema), alice, never);
  const one = (await first.next()).value;
  await first.return(undefined);

  const second = watchMessages(service, create(WatchMessagesRequestSchema, { resumeToken: one?.resumeToken ?? "" }), alice, never);
  const two = (await second.next()).value;
  const waiting = second.next();
  await service.hear(orderPlaced("alice"));
  const three = (await waiting).value;
  await second.return(undefined);
  assert.deepEqual([one, two, three].map((answer) => answer?.message?.sequence), [1n, 2n, 3n]);
});

test("a resume token of another account or a changed one is refused", async (t) => {
  const { service } = await running(t);
  await service.hear(orderPlaced("alice"));
  const mine = watchMessages(service, create(WatchMessagesRequestSchema), alice, never);
  const token = (await mine.next()).value?.resumeToken ?? "";
  await mine.return(undefined);

  for (const [caller, resumeToken] of [[Caller.user("bob"), token], [alice, `${token}A`]] as const) {
    const stream = watchMessages(service, create(WatchMessagesRequestSchema, { resumeToken }), caller, never);
    await assert.rejects(stream.next(), { reason: "ERROR_REASON_INVALID_RESUME_TOKEN" });
  }
});

test("a stream ends when it is told to stop, also while it waits", async (t) => {
  const { service } = await running(t);
  const controller = new AbortController();
  const stream = watchMessages(service, create(WatchMessagesRequestSchema), alice, controller.signal);
  const waiting = stream.next();
  controller.abort();
  assert.equal((await waiting).done, true);
});

test("what has been kept long enough goes, sequences are never given twice, and the audit finds all well", async (t) => {
  const dataDir = await folder();
  const { service, clock } = await running(t, { "keep.message_days": 2, "keep.delivered_days": 2 }, { dataDir, clock: new ManualClock() });
  await service.hear(orderPlaced("alice"));
  await eventually(() => deliveries(service).every(({ state }) => state === 2));
  clock.advance(3 * 86_400_000);
  await purge(service, never);
  assert.equal(messagesAfter(service.store.read, "alice", 0, 10).length, 0);
  assert.equal(deliveries(service).length, 0);
  assert.equal(service.store.read.get("SELECT COUNT(*) AS count FROM events")?.count, 0);

  await service.hear(orderPlaced("alice", { time: timestampFromDate(clock.now()) }));
  assert.deepEqual(messagesAfter(service.store.read, "alice", 0, 10).map(({ sequence }) => sequence), [2]);
  const { findings, counts } = audit(service.store.read);
  assert.deepEqual(findings, []);
  assert.equal(counts.find(({ what }) => what === "messages")?.count, 1n);
});

test("the audit sees what is wrong", async (t) => {
  const { service } = await running(t);
  await service.hear(orderPlaced("alice"));
  await service.store.write((tx) => {
    tx.run("UPDATE message_sequences SET last = 0");
    tx.run("UPDATE deliveries SET state = 7, next_time = NULL, end_time = 1");
  });
  assert.deepEqual(audit(service.store.read).findings.map(({ invariant }) => invariant), [
    "a state is one of the contract's",
    "no sequence of messages is beyond the last that was given",
  ]);
});

test("a second process on the same folder is refused", async (t) => {
  const dataDir = await folder();
  const first = await running(t, {}, { dataDir });
  await assert.rejects(running(t, {}, { dataDir }), /another process/);
  await first.stop();
  await (await running(t, {}, { dataDir })).stop();
});
