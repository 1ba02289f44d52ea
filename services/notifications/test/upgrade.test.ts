/** What an older version wrote: it is read, and nothing of it is lost. */
import assert from "node:assert/strict";
import { copyFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { Caller, Store, type Tx } from "@souk/chassis";
import { create } from "@bufbuild/protobuf";

import {
  ConfirmEmailAddressRequestSchema,
  ListNotificationDeliveriesRequestSchema,
  NotificationDeliveryFailure as Why,
  NotificationDeliveryState as DeliveryState,
  WebhookEndpointDisableReason as Reason,
  WebhookEndpointState as State,
} from "#src/contract.js";
import { wireEndpoint } from "#src/convert.js";
import { confirmEmailAddress } from "#src/rpc/confirm_email_address.js";
import { listNotificationDeliveries } from "#src/rpc/list_notification_deliveries.js";
import { Sealing } from "#src/sealing.js";
import { audit } from "#src/store/audit.js";
import { listing } from "#src/store/deliveries.js";
import { loadEndpoint } from "#src/store/endpoints.js";
import { messagesAfter } from "#src/store/messages.js";
import { loadPreferences } from "#src/store/preferences.js";
import { nextWatched } from "#src/store/watched_skus.js";
import { ALICE, ManualClock, ROOT, SECRET_KEY, folder, running } from "./support.js";

/** The migrations of the version in which a person was an account and endpoints were paused. */
const OLD_STEPS = 3;

const WRITTEN_BY_THE_OLD_VERSION = `
  INSERT INTO preferences (account, email_address, email_confirmed_time, locale, default_channels, kinds, version, update_time)
    VALUES ('alice', 'alice@example.org', 5, 'de-DE', '[1,2]', '[]', 3, 5);
  INSERT INTO watched_skus (account, sku) VALUES ('alice', 'MUG-7');
  INSERT INTO message_sequences (account, last) VALUES ('alice', 1);
  INSERT INTO messages (id, key, account, sequence, kind, title, body, subject, is_read, event_time, create_time)
    VALUES ('message_1', 'msg_1', 'alice', 1, 1, 'Your order', '', 'order_1', 0, 5, 5);
  INSERT INTO endpoints (id, owner, url, event_types, description, state, disable_reason, secret, previous_secret, version, create_time, update_time)
    VALUES ('webhook_enabled', 'service:erp', 'https://a.example', '["a.b"]', '', 1, '', 'sealed:1:x', '', 1, 5, 5),
      ('webhook_paused', 'service:erp', 'https://a.example', '["a.b"]', '', 2, '', 'sealed:1:x', '', 2, 5, 5),
      ('webhook_gone', 'service:erp', 'https://a.example', '["a.b"]', '', 3, 'gone', 'sealed:1:x', '', 2, 5, 5);
  INSERT INTO events (row, source, id, type, subject, event, create_time) VALUES (1, '/services/orders', 'event_1', 'a.b', 'order_1', x'', 5);
  INSERT INTO deliveries (id, key, event_row, channel, kind, account, endpoint, state, attempts, failure, create_time, end_time)
    VALUES ('delivery_mail', 'msg_2', 1, 2, 1, 'alice', '', 3, 12, 'smtp 451', 5, 9),
      ('delivery_hook', 'msg_3', 1, 3, 0, '', 'webhook_paused', 3, 1, 'endpoint paused', 6, 9);
  INSERT INTO souk_requests (caller, method, request_id, digest, response, created_time) VALUES ('service:erp', 'm', 'r', x'', x'07', 5);`;

/** Makes the database of a version that knew so many migrations, and returns its folder. */
async function writtenBefore(steps: number, clock: ManualClock, write: (tx: Tx) => void): Promise<string> {
  const dataDir = await folder();
  const migrations = join(await folder(), "migrations");
  await mkdir(migrations);
  const known = (await readdir(join(ROOT, "migrations"))).sort().slice(0, steps);
  for (const step of known) await copyFile(join(ROOT, "migrations", step), join(migrations, step));
  const old = Store.open({ file: join(dataDir, "notifications.db"), migrations, clock });
  await old.write(write);
  await old.close();
  return dataDir;
}

test("the data of a version that called a customer an account is all there", async (t) => {
  const clock = new ManualClock();
  const dataDir = await writtenBefore(OLD_STEPS, clock, (tx) => {
    for (const statement of WRITTEN_BY_THE_OLD_VERSION.split(";")) if (statement.trim() !== "") tx.run(statement);
  });

  const { service } = await running(t, {}, { dataDir, clock });
  const { read } = service.store;
  const preferences = loadPreferences(read, ALICE);
  assert.deepEqual([preferences.emailAddress, preferences.locale, preferences.version], ["alice@example.org", "de-DE", 3]);
  assert.deepEqual(nextWatched(read, ""), { named: ALICE, customer: ALICE, skus: ["MUG-7"] });
  assert.deepEqual(messagesAfter(read, ALICE, 0, 10).map(({ id, customer, isRead }) => [id, customer, isRead]), [["message_1", ALICE, false]]);

  const endpoints = ["enabled", "paused", "gone"].map((name) => loadEndpoint(read, `webhook_${name}`)).map((one) => one && wireEndpoint(one));
  assert.deepEqual(endpoints.map((one) => [one?.state, one?.disableReason]), [
    [State.ENABLED, Reason.UNSPECIFIED],
    [State.DISABLED, Reason.REQUESTED],
    [State.DISABLED, Reason.GONE],
  ]);
  const { deliveries } = listNotificationDeliveries(service, create(ListNotificationDeliveriesRequestSchema), Caller.staff("ann"));
  assert.deepEqual(deliveries.map(({ deliveryId, customerId, failure, failureCode }) => [deliveryId, customerId, failure, failureCode]), [
    ["delivery_hook", "", Why.ENDPOINT_DISABLED, 0],
    ["delivery_mail", ALICE, Why.SMTP_REPLY, 451],
  ]);
});

test("what was kept by the names of customers is kept by their ids, and a code that was mailed still confirms", async (t) => {
  const clock = new ManualClock();
  const later = clock.now().getTime() * 1000 + 3_600_000_000;
  const hash = new Sealing(Buffer.from(SECRET_KEY, "base64")).hash("code", "alice", "alice@example.org", "7K2Q9FXHM3TD");
  const dataDir = await writtenBefore(4, clock, (tx) => {
    tx.run(`INSERT INTO preferences (customer, email_address, locale, default_channels, kinds, version, update_time)
      VALUES ('alice', 'alice@example.org', '', '[1,2]', '[]', 1, 5)`);
    const confirmation = "INSERT INTO email_confirmations (customer, event_id, code_hash, sealed_code, wrong_codes, expire_time) VALUES (?, ?, ?, ?, ?, ?)";
    tx.run(confirmation, "alice", "event_1", hash, "", 0, later);
    tx.run("INSERT INTO email_confirmation_requests (customer, address_hash, create_time) VALUES ('alice', x'01', 5)");
    const event = "INSERT INTO events (row, source, id, type, subject, event, create_time) VALUES (?, ?, ?, ?, ?, x'', 5)";
    tx.run(event, 1, "/services/notifications", "event_1", "souk.notifications.v1.EmailConfirmation", "alice");
    tx.run(event, 2, "/services/orders", "event_2", "souk.orders.v1.OrderPlaced", "order_1");
    const delivery = `INSERT INTO deliveries (id, key, event_row, channel, kind, customer, endpoint, state, attempts, failure, create_time, end_time, subject)
      VALUES (?, ?, ?, 2, ?, 'alice', '', 2, 1, '', 5, 9, ?)`;
    tx.run(delivery, "delivery_code", "msg_1", 1, 11, "alice");
    tx.run(delivery, "delivery_order", "msg_2", 2, 1, "order_1");
    tx.run(delivery.replace("2, 1, '', 5", "3, 1, 'no address', 5"), "delivery_without_address", "msg_3", 2, 1, "order_1");
  });

  const { service } = await running(t, {}, { dataDir, clock });
  const request = create(ConfirmEmailAddressRequestSchema, { customerId: ALICE, code: "7K2Q-9FXH-M3TD" });
  assert.equal((await confirmEmailAddress(service, request)).preferences?.emailAddressConfirmed, true);
  const all = service.store.read.all("SELECT id, customer, subject FROM deliveries ORDER BY id").map((row) => Object.values(row));
  assert.deepEqual(all, [["delivery_code", ALICE, ALICE], ["delivery_order", ALICE, "order_1"], ["delivery_without_address", ALICE, "order_1"]]);
  // Nobody had to act on it: from now on that is no dead letter.
  const states = service.store.read.all("SELECT state FROM deliveries ORDER BY id").map(({ state }) => Number(state));
  assert.deepEqual(states, [DeliveryState.DELIVERED, DeliveryState.DELIVERED, DeliveryState.SKIPPED]);
  assert.equal(service.store.read.get("SELECT customer FROM email_confirmation_requests")?.customer, ALICE);
  assert.equal(service.store.read.get("SELECT subject FROM events WHERE row = 1")?.subject, ALICE);
  assert.deepEqual(audit(service.store.read).findings, []);
});

test("a list reads its page from an index, whatever it filters by, and sorts nothing", async (t) => {
  const { service } = await running(t);
  const filters = [{}, { states: [3] }, { endpoint: "webhook_1" }, { endpoint: "webhook_1", states: [2, 3] }, { customer: "alice" }, { createdFrom: 1, createdBefore: 2 }];
  for (const filter of filters) {
    for (const order of ["newest first", "oldest first"] as const) {
      const { sql, values } = listing(filter, order, { createTime: 1, sequence: 1 });
      const plan = service.store.read.all(`EXPLAIN QUERY PLAN ${sql}`, ...values, 100).map(({ detail }) => String(detail));
      const name = `${JSON.stringify(filter)} ${order}: ${plan.join("; ")}`;
      assert.ok(plan.some((step) => /^SEARCH d USING INDEX deliveries_/.test(step)), name);
      assert.ok(!plan.some((step) => step.includes("TEMP B-TREE")), name);
    }
  }
  // The deliveries of one event are few, so that these are sorted.
  const { sql, values } = listing({ eventId: "event_1" }, "newest first", undefined);
  const plan = service.store.read.all(`EXPLAIN QUERY PLAN ${sql}`, ...values, 100).map(({ detail }) => String(detail));
  assert.ok(plan.some((step) => step.startsWith("SEARCH e USING") && step.includes("events_by_id")), plan.join("; "));
  assert.ok(plan.some((step) => step.includes("deliveries_of_event")), plan.join("; "));
});
