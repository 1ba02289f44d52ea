/** kill -9 in the middle of sending: nothing is missing, and no kill repeats more than one on each channel. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Caller } from "@souk/chassis";
import { Webhook } from "standardwebhooks";

import { bus } from "./bus.js";
import { startProcess } from "./process.js";
import { httpReceiver, smtpReceiver } from "./receiver.js";
import { eventually, orderPlaced } from "./support.js";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

const NOTIFICATIONS = 200;
const KILL_AT = [20, 75, 140, 185];

test("200 notifications arrive through four kills, none missing, with at most one repeat per kill", { timeout: 120_000 }, async (t) => {
  const events = await bus(t);
  const server = await smtpReceiver(t);
  const receiver = await httpReceiver(t, (_received, response) => void setTimeout(() => response.writeHead(204).end(), 3));
  const service = await startProcess(t, {
    "upstreams.events": events.url,
    "upstreams.orders": events.url,
    "smtp.url": server.url,
    "smtp.require_tls": "false",
    "email.default_address": "{customer_id}@customers.example.org",
    "webhooks.allow_http": "true",
    "webhooks.allowed_networks": "127.0.0.0/8",
  });
  const made = await service
    .client(Caller.service("erp"))
    .createWebhookEndpoint({ requestId: "1", endpoint: { url: receiver.url, eventTypes: ["souk.orders.v1.OrderPlaced"] } });

  for (let index = 0; index < NOTIFICATIONS; index += 1) {
    events.publish(orderPlaced(`customer-${index}`, { time: timestampFromDate(new Date()) }));
  }
  for (const count of KILL_AT) {
    await eventually(() => receiver.received.length >= count, `webhook ${count}`);
    await service.kill();
    await service.start();
  }

  const webhookIds = () => new Set(receiver.received.map(({ headers }) => headers["webhook-id"]));
  const messageIds = () => new Set(server.letters.map(({ messageId }) => messageId));
  await eventually(() => webhookIds().size === NOTIFICATIONS && messageIds().size === NOTIFICATIONS, "every notification");
  const staff = service.client(Caller.staff("ann"));
  await eventually(async () => (await staff.listNotificationDeliveries({ states: [1], pageSize: 1 })).deliveries.length === 0, "the end of sending");

  // The receiver drops repeats by the id, and every event is there.
  for (const { body, headers } of receiver.received) new Webhook(made.secret).verify(body, headers as Record<string, string>);
  const notified = new Set(receiver.received.map(({ body }) => (JSON.parse(body) as { id: string }).id));
  assert.equal(notified.size, NOTIFICATIONS);
  assert.equal(new Set(server.letters.map(({ to }) => to[0])).size, NOTIFICATIONS);
  const repeats = { webhooks: receiver.received.length - NOTIFICATIONS, letters: server.letters.length - NOTIFICATIONS };
  t.diagnostic(`repeats after ${KILL_AT.length} kills: ${repeats.webhooks} webhooks, ${repeats.letters} e-mails`);
  assert.ok(repeats.webhooks <= KILL_AT.length && repeats.letters <= KILL_AT.length, JSON.stringify(repeats));
  assert.deepEqual(await service.findings(), []);
  assert.doesNotMatch(service.log(), /@customers|whsec_/);
});
