/** Dispatching, to receivers that are real: order, retries, dead letters, limits, and nothing personal in the log. */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { Caller } from "@souk/chassis";
import { create, toBinary } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { Webhook } from "standardwebhooks";

import {
  NotificationChannel as Channel,
  CreateWebhookEndpointRequestSchema,
  NotificationDeliveryState as DeliveryState,
  DropNotificationDeliveriesRequestSchema,
  EnableWebhookEndpointRequestSchema,
  EventSchema,
  RequeueNotificationDeliveriesRequestSchema,
  UpdateWebhookEndpointRequestSchema,
  WebhookEndpointState as State,
} from "#src/contract.js";
import { createWebhookEndpoint } from "#src/rpc/create_webhook_endpoint.js";
import { dropNotificationDeliveries } from "#src/rpc/drop_notification_deliveries.js";
import { enableWebhookEndpoint } from "#src/rpc/enable_webhook_endpoint.js";
import { requeueNotificationDeliveries } from "#src/rpc/requeue_notification_deliveries.js";
import { updateWebhookEndpoint } from "#src/rpc/update_webhook_endpoint.js";
import type { Notifications, Dependencies } from "#src/service.js";
import { audit } from "#src/store/audit.js";
import { listDeliveries } from "#src/store/deliveries.js";
import { loadEndpoint } from "#src/store/endpoints.js";
import { loadPreferences, savePreferences } from "#src/store/preferences.js";
import { httpReceiver, smtpReceiver, type Received } from "./receiver.js";
import { ALICE, BOB, contextOf, eventually, LOOPBACK, orderPlaced, running, type Changes, type Running } from "./support.js";

const erp = Caller.service("erp");
/** The customer of a sale that notifies no one: it goes to webhooks alone. */
const NO_CUSTOMER = "";
const HOUR = 3_600_000;
const WEBHOOKS_ONLY = { ...LOOPBACK, "mailbox.address": "" };

/** A service without e-mail whose clock shows the present, since receivers check the timestamp. */
async function webhooks(t: TestContext, changes: Changes = {}, more: Partial<Dependencies> = {}): Promise<Running> {
  return running(t, { ...WEBHOOKS_ONLY, "telling.max_age_hours": 87600, ...changes }, more);
}

let requests = 0;
async function endpointTo(service: Notifications, url: string) {
  requests += 1;
  const request = { requestId: `r${requests}`, endpoint: { url, eventTypes: ["souk.orders.v1.*"] } };
  const { endpoint, secret } = await createWebhookEndpoint(service, create(CreateWebhookEndpointRequestSchema, request), contextOf(erp));
  return { id: endpoint?.endpointId ?? "", secret };
}

const states = (service: Notifications) => listDeliveries(service.store.read, {}, "oldest first", undefined, 1000).map(({ state }) => state);
const allDelivered = (service: Notifications) => states(service).every((state) => state === DeliveryState.DELIVERED);
const idOf = ({ headers }: Received) => String(headers["webhook-id"]);
const verify = (secret: string, { headers, body }: Received) => {
  // The clock of the test does not move, so the timestamp is what it says and not what the library's clock says.
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = headers;
  const at = new Date(Number(timestamp) * 1000);
  assert.ok(String(signature).split(" ").includes(new Webhook(secret).sign(String(id), at, body)));
};

test("a webhook arrives signed, in the order of the events, one at a time", async (t) => {
  const receiver = await httpReceiver(t, (_received, response) => void setTimeout(() => response.writeHead(200).end("ok"), 2));
  const { service } = await webhooks(t);
  const { secret } = await endpointTo(service, receiver.url);
  const events = Array.from({ length: 20 }, () => orderPlaced(NO_CUSTOMER));
  await Promise.all(events.map((event) => service.consume(event)));

  await eventually(() => receiver.received.length === 20 && allDelivered(service));
  assert.deepEqual(receiver.received.map(({ body }) => (JSON.parse(body) as { id: string }).id), events.map(({ id }) => id));
  assert.equal(receiver.mostAtOnce(), 1);
  for (const received of receiver.received) {
    verify(secret, received);
    assert.equal(received.headers["content-type"], "application/cloudevents+json; charset=utf-8");
  }
  assert.equal(new Set(receiver.received.map(idOf)).size, 20);
});

test("a failing endpoint holds up only itself, and keeps its order", async (t) => {
  let isUp = false;
  const bad = await httpReceiver(t, (_received, response) => void response.writeHead(isUp ? 200 : 503).end());
  const good = await httpReceiver(t);
  const { service, clock } = await webhooks(t);
  await endpointTo(service, bad.url);
  await endpointTo(service, good.url);
  const events = Array.from({ length: 5 }, () => orderPlaced(NO_CUSTOMER));
  for (const event of events) await service.consume(event);

  await eventually(() => good.received.length === 5 && bad.received.length === 1);
  isUp = true;
  await eventually(() => clock.sleeping.at(-1) !== undefined);
  clock.advance(10_000);
  await eventually(() => allDelivered(service));
  const ids = bad.received.map(({ body }) => (JSON.parse(body) as { id: string }).id);
  assert.deepEqual(ids, [events[0]?.id, ...events.map(({ id }) => id)]);
  // The repeat is recognised by its id.
  assert.equal(new Set(bad.received.map(idOf)).size, 5);
});

const subjectOf = ({ body }: Received) => (JSON.parse(body) as { subject?: string }).subject;

test("an event that the endpoint refuses holds up its own subject and nothing else", async (t) => {
  let isMended = false;
  const receiver = await httpReceiver(t, (received, response) => {
    const isBad = subjectOf(received) === "order_1" && !isMended;
    response.writeHead(isBad ? 400 : 204).end();
  });
  const { service, clock } = await webhooks(t);
  await endpointTo(service, receiver.url);
  const subjects = ["order_1", "order_2", "order_1", "order_3"];
  for (const subject of subjects) await service.consume(orderPlaced(NO_CUSTOMER, { subject }));

  // The others arrive while the clock does not move; the second of order_1 waits behind the first.
  await eventually(() => receiver.received.length === 3 && states(service).filter((state) => state === DeliveryState.DELIVERED).length === 2);
  assert.deepEqual(receiver.received.map(subjectOf), ["order_1", "order_2", "order_3"]);
  await service.consume(orderPlaced(NO_CUSTOMER, { subject: "order_4" }));
  await eventually(() => receiver.received.map(subjectOf).at(-1) === "order_4");

  isMended = true;
  await eventually(() => clock.sleeping.at(-1) !== undefined);
  clock.advance(10_000);
  await eventually(() => allDelivered(service));
  const [first, second] = receiver.received.slice(-2).map(({ body }) => (JSON.parse(body) as { id: string }).id);
  const [one, , two] = listDeliveries(service.store.read, {}, "oldest first", undefined, 10);
  assert.deepEqual([first, second], [one?.eventId, two?.eventId]);
});

test("an endpoint that takes nothing is left alone, whatever its events are about", async (t) => {
  const answers = [503, 429, 408, 425];
  const receiver = await httpReceiver(t, (_received, response, index) => void response.writeHead(answers[index] ?? 204).end());
  const { service, clock } = await webhooks(t);
  await endpointTo(service, receiver.url);
  for (const subject of ["order_1", "order_2"]) await service.consume(orderPlaced(NO_CUSTOMER, { subject }));
  for (const attempt of [1, 2, 3, 4]) {
    await eventually(() => receiver.received.length === attempt && clock.sleeping.at(-1) !== undefined);
    assert.deepEqual(new Set(receiver.received.map(subjectOf)), new Set(["order_1"]));
    clock.advance(HOUR);
  }
  await eventually(() => allDelivered(service));
  assert.deepEqual(receiver.received.slice(-2).map(subjectOf), ["order_1", "order_2"]);
});

test("an event that cannot be written as a webhook is dead at once, counts against nobody and holds up nothing", async (t) => {
  const receiver = await httpReceiver(t);
  const open = await webhooks(t);
  const { id } = await endpointTo(open.service, receiver.url);
  await open.stop();
  // Kept by a version that looked at no time; this one refuses such an event when it comes.
  const strict = await webhooks(t, { "webhooks.allow_http": false }, { dataDir: open.dataDir });
  for (let time = 0; time < 3; time += 1) await strict.service.consume(orderPlaced(NO_CUSTOMER, { subject: "order_1" }));
  await eventually(() => strict.clock.sleeping.at(-1) !== undefined);
  await strict.service.store.write((tx) => {
    const bad = (seconds: bigint) => toBinary(EventSchema, orderPlaced(NO_CUSTOMER, { time: create(TimestampSchema, { seconds }) }));
    const rows = tx.all("SELECT row FROM events ORDER BY row");
    tx.run("UPDATE events SET event = ? WHERE row = ?", bad(9223372036854775807n), rows[0]?.row ?? 0);
    tx.run("UPDATE events SET event = ? WHERE row = ?", Buffer.from([255, 255]), rows[1]?.row ?? 0);
    tx.run("UPDATE deliveries SET attempts = 0, next_time = 0");
    tx.run("UPDATE endpoints SET failing_start_time = NULL, wait_time = NULL");
  });
  await strict.stop();

  const { service } = await webhooks(t, {}, { dataDir: open.dataDir });
  await eventually(() => !states(service).includes(DeliveryState.PENDING));
  const all = listDeliveries(service.store.read, {}, "oldest first", undefined, 10).map(({ state, attempts, failure }) => [state, attempts, failure]);
  const dead = [DeliveryState.DEAD, 0, "unreadable event"];
  assert.deepEqual(all, [dead, dead, [DeliveryState.DELIVERED, 1, ""]]);
  assert.equal(receiver.received.length, 1);
  assert.equal(loadEndpoint(service.store.read, id)?.failingStartTime, undefined);
});

test("retries wait longer each time on the clock, and after the last one the delivery is dead", async (t) => {
  const receiver = await httpReceiver(t, (_received, response) => void response.writeHead(500).end());
  const { service, clock } = await webhooks(t, { "retry.attempts": 4, "retry.first_seconds": 8, "retry.factor": 3 });
  await endpointTo(service, receiver.url);
  await service.consume(orderPlaced(NO_CUSTOMER));

  const waits: number[] = [];
  for (let attempt = 1; attempt < 4; attempt += 1) {
    const wait = await eventually(() => receiver.received.length === attempt && clock.sleeping.at(-1));
    waits.push(wait / 1000);
    clock.advance(wait - 1);
    assert.equal(receiver.received.length, attempt);
    clock.advance(1);
  }
  await eventually(() => states(service)[0] === DeliveryState.DEAD);
  // Three quarters of 8, 24 and 72: half, and half of the other half by the chance that the test chose.
  assert.deepEqual(waits, [6, 18, 54]);
  const [dead] = listDeliveries(service.store.read, { states: [DeliveryState.DEAD] }, "oldest first", undefined, 10);
  assert.deepEqual([dead?.attempts, dead?.failure], [4, "http 500"]);
});

test("a dead delivery is requeued with the same key, or dropped", async (t) => {
  let isUp = false;
  const receiver = await httpReceiver(t, (_received, response) => void response.writeHead(isUp ? 204 : 500).end());
  const { service } = await webhooks(t, { "retry.attempts": 1 });
  await endpointTo(service, receiver.url);
  await service.consume(orderPlaced(NO_CUSTOMER));
  await service.consume(orderPlaced(NO_CUSTOMER));
  await eventually(() => states(service).every((state) => state === DeliveryState.DEAD));
  const [first, second] = listDeliveries(service.store.read, {}, "oldest first", undefined, 10);

  isUp = true;
  const requeue = (ids: string[]) => requeueNotificationDeliveries(service, create(RequeueNotificationDeliveriesRequestSchema, { deliveryIds: ids }), erp);
  await assert.rejects(requeue(["delivery_00000000000000000000000000"]), { reason: "ERROR_REASON_DELIVERY_NOT_FOUND" });
  assert.equal((await requeue([first?.id ?? ""])).requeuedCount, 1);
  await eventually(() => states(service)[0] === DeliveryState.DELIVERED);
  assert.equal((await requeue([first?.id ?? ""])).requeuedCount, 0);
  assert.deepEqual(receiver.received.map(idOf), [first?.key, second?.key, first?.key]);

  const other = create(DropNotificationDeliveriesRequestSchema);
  assert.equal((await dropNotificationDeliveries(service, other, Caller.service("other"))).droppedCount, 0);
  assert.equal((await dropNotificationDeliveries(service, other, erp)).droppedCount, 1);
  assert.equal(states(service).length, 1);
});

test("410 Gone switches the endpoint off and gives up what waits for it", async (t) => {
  const receiver = await httpReceiver(t, (_received, response) => void response.writeHead(410).end());
  const { service, log } = await webhooks(t);
  const { id } = await endpointTo(service, receiver.url);
  await Promise.all([1, 2, 3].map(() => service.consume(orderPlaced(NO_CUSTOMER))));
  await eventually(() => states(service).every((state) => state === DeliveryState.DEAD));

  const endpoint = loadEndpoint(service.store.read, id);
  assert.deepEqual([endpoint?.state, endpoint?.disableReason], [State.DISABLED, "gone"]);
  assert.equal(receiver.received.length, 1);
  assert.match(log.join(), new RegExp(id));
  await service.consume(orderPlaced(NO_CUSTOMER));
  assert.equal(states(service).length, 3);
  const requeue = requeueNotificationDeliveries(service, create(RequeueNotificationDeliveriesRequestSchema), erp);
  await assert.rejects(requeue, { reason: "ERROR_REASON_ENDPOINT_NOT_ENABLED" });
  assert.deepEqual(audit(service.store.read).findings, []);
});

test("an endpoint that fails for too long is switched off, and starts again when it is enabled", async (t) => {
  let isUp = false;
  const receiver = await httpReceiver(t, (_received, response) => void response.writeHead(isUp ? 204 : 500).end());
  const { service, clock } = await webhooks(t, { "webhooks.disable_after_hours": 10, "retry.attempts": 100 });
  const { id } = await endpointTo(service, receiver.url);
  await service.consume(orderPlaced(NO_CUSTOMER));
  while (loadEndpoint(service.store.read, id)?.state === State.ENABLED) {
    const wait = await eventually(() => clock.sleeping.at(-1) ?? (loadEndpoint(service.store.read, id)?.state === State.DISABLED ? 1 : false));
    clock.advance(wait);
    await new Promise(setImmediate);
  }
  assert.equal(loadEndpoint(service.store.read, id)?.disableReason, "failing");

  isUp = true;
  await enableWebhookEndpoint(service, create(EnableWebhookEndpointRequestSchema, { endpointId: id }), erp);
  await requeueNotificationDeliveries(service, create(RequeueNotificationDeliveriesRequestSchema), erp);
  await eventually(() => allDelivered(service));
  assert.equal(loadEndpoint(service.store.read, id)?.failingStartTime, undefined);
});

test("redirects are not followed, wherever they lead", async (t) => {
  const inside = await httpReceiver(t);
  const receiver = await httpReceiver(t, (_received, response, index) => void response.writeHead([301, 302, 303, 307, 308][index % 5] ?? 302, { location: inside.url }).end());
  const { service } = await webhooks(t, { "retry.attempts": 1 });
  await endpointTo(service, receiver.url);
  for (let time = 0; time < 5; time += 1) await service.consume(orderPlaced(NO_CUSTOMER));
  await eventually(() => states(service).every((state) => state === DeliveryState.DEAD));
  assert.equal(receiver.received.length, 5);
  assert.equal(inside.received.length, 0);
  assert.deepEqual(listDeliveries(service.store.read, {}, "oldest first", undefined, 10).map(({ failure }) => failure), ["http 301", "http 302", "http 303", "http 307", "http 308"]);
});

test("a name that leads inside after it led outside is refused on that attempt", async (t) => {
  const inside = await httpReceiver(t);
  // 127.0.0.2 represents the public internet here; 127.0.0.1, where the receiver listens, is inside.
  const answers = [["127.0.0.2"], ["127.0.0.1"], ["127.0.0.2", "127.0.0.1"], ["::ffff:127.0.0.1"]];
  let lookups = 0;
  const resolve = () => Promise.resolve(answers[Math.min(lookups++, answers.length - 1)] ?? []);
  const target = `rebind.example.com:${inside.port}`;
  const changes = { "webhooks.allowed_networks": "127.0.0.2/32", "webhooks.allowed_ports": target, "retry.attempts": 4 };
  const { service, clock } = await webhooks(t, changes, { resolve });
  await endpointTo(service, `http://${target}/hook`);
  await service.consume(orderPlaced(NO_CUSTOMER));

  const failures: string[] = [];
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    const [delivery] = await eventually(() => {
      const found = listDeliveries(service.store.read, {}, "oldest first", undefined, 1);
      return found[0]?.attempts === attempt && (attempt === 4 || clock.sleeping.at(-1) !== undefined) && found;
    });
    failures.push(delivery?.failure ?? "");
    clock.advance(HOUR);
  }
  assert.deepEqual(failures, ["econnrefused", "refused address", "refused address", "refused address"]);
  assert.equal(inside.received.length, 0);
  assert.equal(lookups, 4);
});

test("the connection goes to the address that was checked, with one look-up for each attempt", async (t) => {
  const receiver = await httpReceiver(t);
  const asked: string[] = [];
  const resolve = (host: string) => (asked.push(host), Promise.resolve(["127.0.0.1"]));
  const { service } = await webhooks(t, { "webhooks.allowed_ports": String(receiver.port) }, { resolve });
  await endpointTo(service, `http://hooks.example.com:${receiver.port}/hook`);
  await service.consume(orderPlaced(NO_CUSTOMER));
  await eventually(() => allDelivered(service) && receiver.received.length === 1);
  assert.deepEqual(asked, ["hooks.example.com"]);
  assert.equal(receiver.received[0]?.headers.host, `hooks.example.com:${receiver.port}`);
});

test("an endpoint that was allowed once is refused when the settings have become stricter", async (t) => {
  const receiver = await httpReceiver(t);
  const open = await webhooks(t);
  await endpointTo(open.service, receiver.url);
  await open.stop();
  const strict = await running(t, { "mailbox.address": "", "retry.attempts": 1 }, { dataDir: open.dataDir });
  await strict.service.consume(orderPlaced(NO_CUSTOMER));
  await eventually(() => states(strict.service)[0] === DeliveryState.DEAD);
  assert.equal(receiver.received.length, 0);
});

test("a target that is private is refused when the endpoint is made and when it is changed", async (t) => {
  const { service } = await running(t);
  const make = (url: string) => endpointTo(service, url);
  for (const url of ["https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "http://example.com/", "https://localhost/"]) {
    await assert.rejects(make(url), { reason: "ERROR_REASON_TARGET_REFUSED" }, url);
  }
  const { id } = await make("https://hooks.example.com/");
  const change = { endpoint: { endpointId: id, url: "https://10.0.0.1/" }, updateMask: { paths: ["url"] } };
  const update = () => updateWebhookEndpoint(service, create(UpdateWebhookEndpointRequestSchema, change), erp);
  await assert.rejects(update, { reason: "ERROR_REASON_TARGET_REFUSED" });
});

test("a receiver that is slow, endless or gone costs one attempt and no more than the limits", async (t) => {
  const slow = await httpReceiver(t, () => undefined);
  const endless = await httpReceiver(t, (_received, response) => {
    response.writeHead(200);
    const write = (): void => {
      while (!response.destroyed && response.write("x".repeat(16_384)));
      if (!response.destroyed) response.once("drain", write);
    };
    write();
  });
  const { service } = await webhooks(t, { "webhooks.timeout_seconds": 1, "retry.attempts": 1 });
  await endpointTo(service, slow.url);
  await endpointTo(service, endless.url);
  await endpointTo(service, "http://127.0.0.1:9/");
  await service.consume(orderPlaced(NO_CUSTOMER));

  await eventually(() => !states(service).includes(DeliveryState.PENDING));
  const failures = listDeliveries(service.store.read, {}, "oldest first", undefined, 10).map(({ state, failure }) => `${state} ${failure}`).sort();
  // An endless body after a 200 was taken all the same; the rest of it is not read.
  assert.deepEqual(failures, [`${DeliveryState.DELIVERED} `, `${DeliveryState.DEAD} econnrefused`, `${DeliveryState.DEAD} timeout`]);
});

/** Sets an address that was confirmed before, so that a test of mail is not one of confirmations. */
async function address(service: Notifications, customer: string, emailAddress: string): Promise<void> {
  const now = service.clock.now();
  const before = loadPreferences(service.store.read, customer);
  await service.store.write((tx) => savePreferences(tx, { ...before, emailAddress, emailConfirmedTime: now }, now));
}

test("e-mail goes over SMTP with a Message-ID that follows from the event", async (t) => {
  const server = await smtpReceiver(t);
  const { service } = await running(t, { "smtp.url": server.url, "smtp.require_tls": false, "email.from": "Shop <shop@example.com>" });
  await address(service, ALICE, "alice@example.org");
  await service.consume(orderPlaced("alice"));
  await eventually(() => allDelivered(service) && server.letters.length === 1);

  const [letter] = server.letters;
  const [delivery] = listDeliveries(service.store.read, {}, "oldest first", undefined, 10);
  assert.deepEqual([letter?.from, letter?.to], ["shop@example.com", ["alice@example.org"]]);
  assert.equal(letter?.messageId, `<${delivery?.key}@example.com>`);
  assert.match(letter?.raw ?? "", /^Subject: Your order INV-1042 is placed\r$/m);
  assert.match(letter?.raw ?? "", /^Auto-Submitted: auto-generated\r$/m);
  assert.match(letter?.raw ?? "", /multipart\/alternative/);
});

test("a server that has trouble gets the same letter again, one that refuses the address does not", async (t) => {
  const server = await smtpReceiver(t, (to, count) => {
    if (to === "nobody@example.org") return { code: 550, text: `no such user ${to}` };
    return count < 2 ? { code: 451, text: `try ${to} later` } : undefined;
  });
  const { service, clock } = await running(t, { "smtp.url": server.url, "smtp.require_tls": false });
  await address(service, ALICE, "alice@example.org");
  await service.consume(orderPlaced("alice"));
  for (const attempt of [1, 2]) {
    await eventually(() => listDeliveries(service.store.read, {}, "oldest first", undefined, 1)[0]?.attempts === attempt && clock.sleeping.at(-1) !== undefined);
    clock.advance(HOUR);
  }
  await eventually(() => allDelivered(service) && server.letters.length === 1);

  await address(service, BOB, "nobody@example.org");
  await service.consume(orderPlaced("bob", { time: undefined as never }));
  const dead = await eventually(() => listDeliveries(service.store.read, { states: [DeliveryState.DEAD] }, "oldest first", undefined, 1)[0]);
  assert.deepEqual([dead.failure, dead.attempts], ["smtp 550", 1]);
});

test("servers that answer nothing, garbage or half an answer have taken nothing, and each gets the same again", async (t) => {
  const garbage = ["", "\0\xff\x16\x03 garbage\r\n\r\n", "HTTP/1.1 2", "HTTP/1.1 99999 Fine\r\n\r\n", "220 not a web server\r\n"];
  let answers = 0;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(Buffer.from(garbage[answers++ % garbage.length] ?? "", "latin1")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;

  const { service, clock } = await webhooks(t, { "retry.attempts": garbage.length });
  await endpointTo(service, `http://127.0.0.1:${port}/`);
  await service.consume(orderPlaced(NO_CUSTOMER));
  for (let attempt = 1; attempt < garbage.length; attempt += 1) {
    await eventually(() => answers === attempt && clock.sleeping.at(-1) !== undefined);
    assert.deepEqual(states(service), [DeliveryState.PENDING]);
    clock.advance(HOUR);
  }
  await eventually(() => states(service)[0] === DeliveryState.DEAD);
  const [dead] = listDeliveries(service.store.read, {}, "oldest first", undefined, 1);
  assert.match(dead?.failure ?? "", /^[a-z0-9_ ]+$/);

  // A mail server that never takes over the responsibility for the letter: "354" to everything.
  const smtp = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write("220 here\r\n");
    socket.on("data", () => socket.write("354 go on\r\n"));
  });
  await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", resolve));
  t.after(() => smtp.close());
  const mailing = await running(t, { "smtp.url": `smtp://127.0.0.1:${(smtp.address() as AddressInfo).port}`, "smtp.require_tls": false, "smtp.timeout_seconds": 1, "retry.attempts": 1 });
  await address(mailing.service, ALICE, "alice@example.org");
  await mailing.service.consume(orderPlaced("alice"));
  await eventually(() => states(mailing.service)[0] === DeliveryState.DEAD);
});

test("a server without TLS is refused unless the settings allow it", async (t) => {
  const server = await smtpReceiver(t);
  const { service } = await running(t, { "smtp.url": server.url, "retry.attempts": 1 });
  await address(service, ALICE, "alice@example.org");
  await service.consume(orderPlaced("alice"));
  await eventually(() => states(service)[0] === DeliveryState.DEAD);
  assert.equal(server.letters.length, 0);
});

test("without a server e-mail is a file in the mailbox", async (t) => {
  const { service, dataDir, stop } = await running(t);
  await service.consume(orderPlaced("alice"));
  await eventually(() => allDelivered(service));
  await stop();
  const files = await readdir(join(dataDir, "mailbox"));
  const eml = await readFile(join(dataDir, "mailbox", files.find((name) => name.endsWith(".eml")) ?? ""), "utf8");
  assert.match(eml, new RegExp(`^To: ${ALICE}@mailbox\\.localhost\\r$`, "m"));
  assert.match(await readFile(join(dataDir, "mailbox", "index.html"), "utf8"), /Your order INV-1042 is placed/);
});

test("no address is in the log, in a delivery or in an error, whatever the server says", async (t) => {
  const server = await smtpReceiver(t, (to) => ({ code: 451, text: `<${to}> is greylisted` }));
  const { service, log, clock } = await running(t, { "smtp.url": server.url, "smtp.require_tls": false, "retry.attempts": 2 });
  await address(service, ALICE, "secret.address@example.org");
  await service.consume(orderPlaced("alice"));
  await eventually(() => clock.sleeping.at(-1) !== undefined);
  clock.advance(HOUR);
  await eventually(() => states(service)[0] === DeliveryState.DEAD);
  const rows = JSON.stringify(service.store.read.all("SELECT id, key, customer, failure, endpoint FROM deliveries"));
  assert.doesNotMatch(`${log.join("\n")}${rows}`, /secret\.address/);
  const [delivery] = listDeliveries(service.store.read, {}, "oldest first", undefined, 1);
  assert.deepEqual([delivery?.failure, delivery?.channel], ["smtp 451", Channel.EMAIL]);
});
