/** From an event to what is stored: messages, deliveries, and each event once. */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { Caller, Poison } from "@souk/chassis";
import { create, toBinary } from "@bufbuild/protobuf";
import { TimestampSchema, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Webhook } from "standardwebhooks";

import {
  NotificationChannel as Channel,
  CreateWebhookEndpointRequestSchema,
  CreateWebhookEndpointResponseSchema,
  NotificationKind as Kind,
  OrderCanceledSchema,
  OrderFulfilledSchema,
  OrderPlacedSchema,
  RotateWebhookSecretRequestSchema,
  StockChangedSchema,
  WishlistItemPriceReducedSchema,
  WishlistItemRestockedSchema,
  UpdateNotificationPreferencesRequestSchema,
  WatchInAppMessagesRequestSchema,
} from "#src/contract.js";
import { purge } from "#src/retention.js";
import { createWebhookEndpoint } from "#src/rpc/create_webhook_endpoint.js";
import { rotateWebhookSecret } from "#src/rpc/rotate_webhook_secret.js";
import { updateNotificationPreferences } from "#src/rpc/update_notification_preferences.js";
import { watchInAppMessages } from "#src/rpc/watch_in_app_messages.js";
import type { Notifications } from "#src/service.js";
import { audit } from "#src/store/audit.js";
import { listDeliveries } from "#src/store/deliveries.js";
import { loadEndpoint } from "#src/store/endpoints.js";
import { messagesAfter } from "#src/store/messages.js";
import { httpReceiver } from "./receiver.js";
import { ALICE, BOB, contextOf, event, eventually, folder, LOOPBACK, ManualClock, order, orderPlaced, running } from "./support.js";

const erp = Caller.service("erp");
const never = new AbortController().signal;

/** The deliveries of a service, without those of others. */
const deliveries = (service: Notifications) => listDeliveries(service.store.read, {}, "oldest first", undefined, 1000);

async function prefer(service: Notifications, paths: string[], more: object): Promise<void> {
  await updateNotificationPreferences(service, create(UpdateNotificationPreferencesRequestSchema, { updateMask: { paths }, preferences: { customerId: ALICE, ...more } }));
}

test("a customer who has set nothing is notified in the shop and by e-mail", async (t) => {
  const { service } = await running(t);
  await service.consume(orderPlaced("alice"));

  const [message] = messagesAfter(service.store.read, ALICE, 0, 10);
  assert.equal(message?.title, "Your order INV-1042 is placed");
  assert.equal(message?.body, "2 line(s), £22.40 in all.");
  assert.equal(message?.sequence, 1);
  assert.deepEqual(deliveries(service).map(({ channel, customer, kind }) => [channel, customer, kind]), [[Channel.EMAIL, ALICE, Kind.ORDER_PLACED]]);
});

test("an event that comes again has its effect once", async (t) => {
  const { service } = await running(t);
  const placed = orderPlaced("alice");
  for (let time = 0; time < 3; time += 1) await service.consume(placed);
  await Promise.all([service.consume(placed), service.consume(placed)]);
  // The same id of another source is another event.
  await service.consume({ ...placed, source: "/services/other" });

  assert.equal(messagesAfter(service.store.read, ALICE, 0, 10).length, 2);
  assert.equal(deliveries(service).length, 2);
});

test("preferences decide kinds and channels, and unsubscribing ends a kind", async (t) => {
  const { service } = await running(t);
  await prefer(service, ["kinds"], { kinds: [{ kind: Kind.ORDER_PLACED, channels: [] }] });
  await service.consume(orderPlaced("alice"));
  assert.equal(messagesAfter(service.store.read, ALICE, 0, 10).length, 0);
  assert.equal(deliveries(service).length, 0);

  await prefer(service, ["kinds", "default_channels"], { kinds: [], defaultChannels: [Channel.IN_APP] });
  await service.consume(orderPlaced("alice"));
  assert.equal(messagesAfter(service.store.read, ALICE, 0, 10).length, 1);
  assert.equal(deliveries(service).length, 0);
});

test("with a mail server and no address nothing is mailed that is about no order", async (t) => {
  const { service } = await running(t, { "smtp.url": "smtp://127.0.0.1:9" });
  await service.consume(event(WishlistItemRestockedSchema, { customerId: ALICE, sku: "MUG-7", availableCount: 3 }));
  assert.equal(messagesAfter(service.store.read, ALICE, 0, 10).length, 1);
  assert.equal(deliveries(service).length, 0);
});

test("history that is imported or replayed goes to webhooks and to no customer", async (t) => {
  const { service } = await running(t, LOOPBACK);
  const request = { requestId: "1", endpoint: { url: "http://127.0.0.1:9/", eventTypes: ["souk.orders.v1.*"] } };
  await createWebhookEndpoint(service, create(CreateWebhookEndpointRequestSchema, request), contextOf(erp));
  const old = timestampFromDate(new Date("2010-12-01T08:26:00Z"));
  await service.consume(event(OrderPlacedSchema, { order: order("alice", { effectiveTime: old }) }));
  await service.consume(orderPlaced("alice", { time: old }));

  assert.equal(messagesAfter(service.store.read, ALICE, 0, 10).length, 0);
  assert.deepEqual(deliveries(service).map(({ channel }) => channel), [Channel.WEBHOOK, Channel.WEBHOOK]);
});

test("what happens now to an order of long ago notifies its customer", async (t) => {
  const { service, clock } = await running(t);
  const now = timestampFromDate(clock.now());
  const old = timestampFromDate(new Date(clock.now().getTime() - 73 * 3_600_000));
  const placed = order("alice", { createTime: old, effectiveTime: old });
  await service.consume(event(OrderFulfilledSchema, { order: placed }, { time: now }));
  await service.consume(event(OrderCanceledSchema, { order: placed }, { time: now }));
  // Taken in now as a sale of then, and fulfilled now.
  await service.consume(event(OrderFulfilledSchema, { order: order("alice", { createTime: now, effectiveTime: old }), effectiveTime: now }, { time: now }));
  assert.deepEqual(messagesAfter(service.store.read, ALICE, 0, 10).map(({ kind }) => kind), [Kind.ORDER_FULFILLED, Kind.ORDER_CANCELED, Kind.ORDER_FULFILLED]);
  assert.equal(deliveries(service).length, 3);

  // History that is imported whole: also its end lies back.
  await service.consume(event(OrderFulfilledSchema, { order: order("alice", { createTime: now, effectiveTime: old }), effectiveTime: old }, { time: now }));
  assert.equal(deliveries(service).length, 3);
});

test("an event with a time that no calendar has, or with what cannot be kept, is a dead letter at once", async (t) => {
  const { service } = await running(t);
  const seconds = [9223372036854775807n, -9223372036854775808n, 253402300800n, -62135596801n, 1_796_000_000_000n];
  const times = [...seconds.map((one) => ({ seconds: one })), { nanos: -1 }, { nanos: 2_000_000_000 }];
  for (const time of times) {
    await assert.rejects(service.consume(orderPlaced("alice", { time: create(TimestampSchema, time) })), (error) => error instanceof Poison);
    await assert.rejects(service.consume(event(OrderPlacedSchema, { order: order("alice", { effectiveTime: create(TimestampSchema, time) }) })), (error) => error instanceof Poison);
  }
  await assert.rejects(service.consume(event(OrderPlacedSchema, { order: order("", { customerId: "ali\0ce" }) })), (error) => error instanceof Poison);
  assert.equal(messagesAfter(service.store.read, ALICE, 0, 10).length, 0);
  // The first and the last second of the calendar are times.
  await service.consume(orderPlaced("alice", { time: create(TimestampSchema, { seconds: 253402300799n, nanos: 999_999_999 }) }));
  await service.consume(orderPlaced("alice", { time: create(TimestampSchema, { seconds: -62135596800n }) }));
});

test("a payload of garbage, of nothing and of another order changes nothing but its own", async (t) => {
  const { service } = await running(t);
  for (const data of [new Uint8Array(), new Uint8Array([10, 0]), new Uint8Array([10, 4, 18, 2, 255, 254])]) {
    await service.consume({ ...orderPlaced("alice"), data }).catch((error: unknown) => assert.ok(error instanceof Poison));
  }
  assert.equal(messagesAfter(service.store.read, ALICE, 0, 10).length, 0);
  await service.consume(orderPlaced("bob"));
  assert.equal(messagesAfter(service.store.read, ALICE, 0, 10).length, 0);
  assert.equal(messagesAfter(service.store.read, BOB, 0, 10).length, 1);
});

test("a title with what no text may hold is written without it", async (t) => {
  const { service } = await running(t);
  await service.consume(event(OrderPlacedSchema, { order: order("alice", { reference: "A\0B" }) }));
  assert.equal(messagesAfter(service.store.read, ALICE, 0, 10)[0]?.title, "Your order A B is placed");
});

test("webhook secrets lie sealed in the database, and those of before are sealed at the start", async (t) => {
  const dataDir = await folder();
  const first = await running(t, LOOPBACK, { dataDir });
  const request = create(CreateWebhookEndpointRequestSchema, { requestId: "1", endpoint: { url: "http://127.0.0.1:9/", eventTypes: ["souk.orders.v1.*"] } });
  const made = await createWebhookEndpoint(first.service, request, contextOf(erp));
  const id = made.endpoint?.endpointId ?? "";
  assert.match(made.secret, /^whsec_/);
  assert.equal((await createWebhookEndpoint(first.service, request, contextOf(erp))).secret, made.secret);
  assert.doesNotMatch(await fileText(dataDir), /whsec_/);
  assert.deepEqual(audit(first.service.store.read).findings, []);

  // As it was before: plain text, also in the answer that is kept for repeats.
  await first.service.store.write((tx) => {
    tx.run("UPDATE endpoints SET secret = ?, previous_secret = ?", made.secret, "whsec_previous");
    tx.run("UPDATE souk_requests SET response = ?", toBinary(CreateWebhookEndpointResponseSchema, made));
  });
  assert.deepEqual(audit(first.service.store.read).findings.map(({ subject }) => subject), [id]);
  await first.stop();
  assert.match(await fileText(dataDir), /whsec_/);

  const second = await running(t, LOOPBACK, { dataDir });
  assert.match(second.log.join(), /sealed 2 secrets/);
  assert.equal((await createWebhookEndpoint(second.service, request, contextOf(erp))).secret, made.secret);
  assert.equal(loadEndpoint(second.service.store.read, id)?.previousSecret.startsWith("sealed:"), true);
  assert.deepEqual(audit(second.service.store.read).findings, []);
  await second.stop();
  assert.doesNotMatch(await fileText(dataDir), /whsec_/);
});

test("with another key nothing is signed, nobody is blamed, and a rotated secret is good again", async (t) => {
  const dataDir = await folder();
  const receiver = await httpReceiver(t);
  const first = await running(t, LOOPBACK, { dataDir });
  const request = create(CreateWebhookEndpointRequestSchema, { requestId: "1", endpoint: { url: receiver.url, eventTypes: ["souk.orders.v1.*"] } });
  const id = (await createWebhookEndpoint(first.service, request, contextOf(erp))).endpoint?.endpointId ?? "";
  await first.stop();

  const changes = { ...LOOPBACK, "mailbox.address": "", "webhooks.secret_key": Buffer.alloc(32, 8).toString("base64") };
  const { service, log, clock } = await running(t, changes, { dataDir });
  assert.match(log.join(), /the secrets of 1 webhook endpoints were sealed with another key/);
  await service.consume(orderPlaced("alice"));
  await eventually(() => deliveries(service)[0]?.failure === "sealed with another key" && clock.sleeping.at(-1) !== undefined);
  assert.equal(loadEndpoint(service.store.read, id)?.failingStartTime, undefined);

  const rotate = create(RotateWebhookSecretRequestSchema, { requestId: "2", endpointId: id });
  const { secret } = await rotateWebhookSecret(service, rotate, contextOf(erp));
  clock.advance(3_600_000);
  await eventually(() => receiver.received.length === 1);
  const [received] = receiver.received;
  const at = new Date(Number(received?.headers["webhook-timestamp"]) * 1000);
  const signature = new Webhook(secret).sign(String(received?.headers["webhook-id"]), at, received?.body ?? "");
  assert.equal(received?.headers["webhook-signature"], signature);
});

/** Everything that the database is on disk. */
async function fileText(dataDir: string): Promise<string> {
  const names = (await readdir(dataDir)).filter((name) => name.startsWith("notifications.db"));
  return (await Promise.all(names.map((name) => readFile(join(dataDir, name), "latin1")))).join("");
}

test("a customer is notified of stock that returns and of lower prices of what is on its wishlists", async (t) => {
  const { service } = await running(t);
  const restocked = event(WishlistItemRestockedSchema, { customerId: ALICE, sku: "MUG-7", availableCount: 3 });
  for (let time = 0; time < 2; time += 1) await service.consume(restocked);
  const gbp = (minorUnits: bigint) => ({ currencyCode: "GBP", minorUnits });
  const prices = { unitPrice: gbp(990n), previousUnitPrice: gbp(1250n) };
  await service.consume(event(WishlistItemPriceReducedSchema, { customerId: ALICE, sku: "MUG-7", ...prices }));
  // What every customer may know of a stock notifies nobody by itself.
  await service.consume(event(StockChangedSchema, { stock: { sku: "MUG-7", onHand: 3 }, movement: { onHandChange: 3 } }));

  assert.deepEqual(messagesAfter(service.store.read, ALICE, 0, 10).map(({ title, body }) => [title, body]), [
    ["MUG-7 is available again", "Be quick if you want it."],
    ["MUG-7 costs £9.90 now", "Before, it was £12.50."],
  ]);
  assert.deepEqual(deliveries(service).map(({ customer }) => customer), [ALICE, ALICE]);
});

test("an event that cannot be read changes nothing and can come again", async (t) => {
  const { service } = await running(t);
  const placed = orderPlaced("alice");
  await assert.rejects(service.consume({ ...placed, data: new Uint8Array([255, 255]) }));
  await service.consume(placed);
  assert.equal(messagesAfter(service.store.read, ALICE, 0, 10).length, 1);
});

test("the stream goes on after the resume token, without a gap or a repeat", async (t) => {
  const { service } = await running(t);
  await service.consume(orderPlaced("alice"));
  await service.consume(orderPlaced("alice"));
  await service.consume(orderPlaced("bob"));

  const first = watchInAppMessages(service, create(WatchInAppMessagesRequestSchema, { customerId: ALICE }), never);
  const one = (await first.next()).value;
  await first.return(undefined);

  const second = watchInAppMessages(service, create(WatchInAppMessagesRequestSchema, { customerId: ALICE, resumeToken: one?.resumeToken ?? "" }), never);
  const two = (await second.next()).value;
  const waiting = second.next();
  await service.consume(orderPlaced("alice"));
  const three = (await waiting).value;
  await second.return(undefined);
  assert.deepEqual([one, two, three].map((answer) => answer?.message?.sequence), [1n, 2n, 3n]);
});

test("a resume token of another customer or a changed one is refused", async (t) => {
  const { service } = await running(t);
  await service.consume(orderPlaced("alice"));
  const mine = watchInAppMessages(service, create(WatchInAppMessagesRequestSchema, { customerId: ALICE }), never);
  const token = (await mine.next()).value?.resumeToken ?? "";
  await mine.return(undefined);

  for (const [customerId, resumeToken] of [[BOB, token], [ALICE, `${token}A`]] as const) {
    const stream = watchInAppMessages(service, create(WatchInAppMessagesRequestSchema, { customerId, resumeToken }), never);
    await assert.rejects(stream.next(), { reason: "ERROR_REASON_INVALID_PAGE_TOKEN" });
  }
});

test("a stream ends with its signal, also while it waits", async (t) => {
  const { service } = await running(t);
  const controller = new AbortController();
  const stream = watchInAppMessages(service, create(WatchInAppMessagesRequestSchema, { customerId: ALICE }), controller.signal);
  const waiting = stream.next();
  controller.abort();
  assert.equal((await waiting).done, true);
});

test("what has been kept long enough goes, sequences are never given twice, and the audit finds all well", async (t) => {
  const dataDir = await folder();
  const { service, clock } = await running(t, { "keep.message_days": 2, "keep.delivered_days": 2 }, { dataDir, clock: new ManualClock() });
  await service.consume(orderPlaced("alice"));
  await eventually(() => deliveries(service).every(({ state }) => state === 2));
  clock.advance(3 * 86_400_000);
  await purge(service, never);
  assert.equal(messagesAfter(service.store.read, ALICE, 0, 10).length, 0);
  assert.equal(deliveries(service).length, 0);
  assert.equal(service.store.read.get("SELECT COUNT(*) AS count FROM events")?.count, 0);

  await service.consume(orderPlaced("alice", { time: timestampFromDate(clock.now()) }));
  assert.deepEqual(messagesAfter(service.store.read, ALICE, 0, 10).map(({ sequence }) => sequence), [2]);
  const { findings, counts } = audit(service.store.read);
  assert.deepEqual(findings, []);
  assert.equal(counts.find(({ what }) => what === "messages")?.count, 1n);
});

test("the audit sees what is wrong", async (t) => {
  const { service } = await running(t);
  await service.consume(orderPlaced("alice"));
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
