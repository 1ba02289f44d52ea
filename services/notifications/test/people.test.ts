/** People: where mail about an order goes, the link that opens it, and what a customer who claims a guest gets. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Caller, Poison } from "@souk/chassis";

import {
  ConfirmEmailAddressRequestSchema,
  DropNotificationDeliveriesRequestSchema,
  GetNotificationPreferencesRequestSchema,
  NotificationDeliveryFailure as Why,
  NotificationDeliveryState as DeliveryState,
  NotificationKind as Kind,
  OrderPlacedSchema,
  PaymentChangedSchema,
  PaymentState,
  RequeueNotificationDeliveriesRequestSchema,
  WishlistItemRestockedSchema,
  UpdateNotificationPreferencesRequestSchema,
  WatchInAppMessagesRequestSchema,
  type Event,
} from "#src/contract.js";
import { wireDelivery } from "#src/convert.js";
import { purge } from "#src/retention.js";
import { confirmEmailAddress } from "#src/rpc/confirm_email_address.js";
import { dropNotificationDeliveries } from "#src/rpc/drop_notification_deliveries.js";
import { getNotificationPreferences } from "#src/rpc/get_notification_preferences.js";
import { requeueNotificationDeliveries } from "#src/rpc/requeue_notification_deliveries.js";
import { updateNotificationPreferences } from "#src/rpc/update_notification_preferences.js";
import { watchInAppMessages } from "#src/rpc/watch_in_app_messages.js";
import type { Notifications } from "#src/service.js";
import { audit } from "#src/store/audit.js";
import { countOpen, listDeliveries } from "#src/store/deliveries.js";
import { messagesAfter } from "#src/store/messages.js";
import { loadPreferences, savePreferences } from "#src/store/preferences.js";
import { smtpReceiver, type Letter } from "./receiver.js";
import { ALICE, BOB, FakeOrders, GUEST, event, eventually, guestClaimed, order, orderPlaced, running, type Changes, type Running } from "./support.js";

const ORDER = "order_01h455vb4pex5vsknk084sn02q";
const HOUR = 3_600_000;
const LINK = "https://shop.example/orders/{order_id}?token={token}";

interface Mailing extends Running {
  letters: Letter[];
  orders: FakeOrders;
}

async function mailing(t: TestContext, changes: Changes = {}): Promise<Mailing> {
  const server = await smtpReceiver(t);
  const orders = new FakeOrders();
  const all = { "smtp.url": server.url, "smtp.require_tls": false, ...changes };
  return { ...(await running(t, all, { orders })), letters: server.letters, orders };
}

const deliveries = (service: Notifications) => listDeliveries(service.store.read, {}, "oldest first", undefined, 100);
const messages = (service: Notifications, customer: string) => messagesAfter(service.store.read, customer, 0, 100);
const now = (service: Notifications) => ({ time: timestampFromDate(service.clock.now()) });
const placed = (service: Notifications, customer: string, more: Parameters<typeof order>[1] = {}): Event =>
  event(OrderPlacedSchema, { order: order(customer, more) }, now(service));
const paymentWaits = (customerId: string, orderId: string): Event =>
  event(PaymentChangedSchema, { payment: { paymentId: "payment_1", orderId, customerId, state: PaymentState.REQUIRES_ACTION } });
/** The plain text of a letter, without the line breaks of its encoding. */
const textOf = ({ raw }: Letter) => raw.replaceAll("=\r\n", "").replaceAll("=3D", "=");

async function set(service: Notifications, customerId: string, paths: string[], more: object): Promise<void> {
  await updateNotificationPreferences(service, create(UpdateNotificationPreferencesRequestSchema, { updateMask: { paths }, preferences: { customerId, ...more } }));
}

/** Sets an address as if its code had been entered. */
async function confirmed(service: Notifications, customer: string, emailAddress: string): Promise<void> {
  const before = loadPreferences(service.store.read, customer);
  const preferences = { ...before, emailAddress, emailConfirmedTime: service.clock.now(), version: before.version + 1 };
  await service.store.write((tx) => savePreferences(tx, preferences, service.clock.now()));
}

test("a guest has mail at the address that it gave with the order", async (t) => {
  const { service, letters, orders } = await mailing(t);
  orders.contact = { emailAddress: "guest@example.org", locale: "" };
  await service.consume(placed(service, GUEST));
  await service.consume(paymentWaits(GUEST, ORDER));
  await eventually(() => letters.length === 2);
  assert.deepEqual(letters.map(({ to }) => to), [["guest@example.org"], ["guest@example.org"]]);
  assert.deepEqual(orders.asked, [`contact ${ORDER}`, `contact ${ORDER}`]);
  assert.equal(messages(service, GUEST).length, 2);
});

test("mail goes to the address that the order has when it is sent, so that a corrected one counts at once", async (t) => {
  const { service, letters, orders } = await mailing(t);
  orders.contact = { emailAddress: "geust@example.org", locale: "" };
  await service.consume(placed(service, GUEST));
  await eventually(() => letters.length === 1);
  orders.contact = { emailAddress: "guest@example.org", locale: "" };
  await service.consume(placed(service, GUEST));
  await eventually(() => letters.length === 2);
  assert.deepEqual(letters.map(({ to }) => to), [["geust@example.org"], ["guest@example.org"]]);
});

test("the address that a customer has confirmed goes before that of the order, and one that it has not is none", async (t) => {
  const { service, letters, orders } = await mailing(t);
  orders.contact = { emailAddress: "order@example.org", locale: "" };
  await confirmed(service, ALICE, "alice@example.org");
  await service.consume(placed(service, ALICE));
  await eventually(() => letters.length === 1);
  await set(service, BOB, ["email_address"], { emailAddress: "victim@example.org" });
  await service.consume(placed(service, BOB));
  await eventually(() => letters.length === 3);
  const orderMail = letters.filter(({ raw }) => /^Subject: Your order/m.test(raw));
  assert.deepEqual(orderMail.map(({ to }) => to), [["alice@example.org"], ["order@example.org"]]);
});

test("without an address anywhere, or without the order, the mail is skipped at once, with its reason, and is nobody's dead letter", async (t) => {
  const { service, letters, orders, clock, counted } = await mailing(t, { "smtp.url": "smtp://127.0.0.1:9" });
  await service.consume(placed(service, GUEST));
  await eventually(() => deliveries(service)[0]?.state === DeliveryState.SKIPPED);
  orders.contact = undefined;
  await service.consume(placed(service, GUEST));
  await eventually(() => deliveries(service)[1]?.state === DeliveryState.SKIPPED);
  // A payment of no order, and no mail is even tried.
  await service.consume(paymentWaits(GUEST, ""));
  const all = deliveries(service).map(wireDelivery);
  assert.deepEqual(all.map(({ failure, attemptCount }) => [failure, attemptCount]), [[Why.NO_EMAIL_ADDRESS, 0], [Why.NO_EMAIL_ADDRESS, 0]]);
  assert.ok(all.every(({ endTime, nextAttemptTime }) => endTime !== undefined && nextAttemptTime === undefined));
  assert.equal(letters.length, 0);
  assert.deepEqual(counted, ["email skipped", "email skipped"]);
  assert.deepEqual(countOpen(service.store.read), []);
  assert.deepEqual(audit(service.store.read).findings, []);

  // It can be neither requeued nor dropped, and goes with those that were delivered.
  const { requeuedCount } = await requeueNotificationDeliveries(service, create(RequeueNotificationDeliveriesRequestSchema), Caller.staff("ann"));
  const { droppedCount } = await dropNotificationDeliveries(service, create(DropNotificationDeliveriesRequestSchema), Caller.staff("ann"));
  assert.deepEqual([requeuedCount, droppedCount, deliveries(service).length], [0, 0, 2]);
  clock.advance(8 * 24 * HOUR);
  await purge(service, new AbortController().signal);
  assert.deepEqual(deliveries(service), []);
});

test("while orders does not answer the mail waits as it does for a mail server", async (t) => {
  const { service, letters, orders, clock, counted } = await mailing(t, { "shop.order_link": LINK });
  orders.contact = { emailAddress: "guest@example.org", locale: "" };
  orders.failure = "orders unavailable";
  await service.consume(placed(service, GUEST));
  for (const attempt of [1, 2]) {
    await eventually(() => deliveries(service)[0]?.attempts === attempt && clock.sleeping.at(-1) !== undefined);
    const [waiting] = deliveries(service).map(wireDelivery);
    assert.deepEqual([waiting?.state, waiting?.failure, waiting?.failureDetail], [DeliveryState.PENDING, Why.ORDER_UNREADABLE, "orders unavailable"]);
    clock.advance(HOUR);
  }
  await eventually(() => deliveries(service)[0]?.attempts === 3 && clock.sleeping.at(-1) !== undefined);
  assert.equal(letters.length, 0);
  orders.failure = undefined;
  clock.advance(HOUR);
  await eventually(() => letters.length === 1 && deliveries(service)[0]?.state === DeliveryState.DELIVERED);
  assert.deepEqual(counted, ["email failed", "email failed", "email failed", "email delivered"]);
});

test("mail about an order has a link that opens it, and its token is in the mail alone", async (t) => {
  const { service, letters, orders, log } = await mailing(t, { "shop.order_link": LINK, "shop.order_link_days": 7 });
  orders.contact = { emailAddress: "guest@example.org", locale: "" };
  await service.consume(placed(service, GUEST));
  await eventually(() => letters.length === 1 && deliveries(service)[0]?.state === DeliveryState.DELIVERED);
  const [letter] = letters;
  assert.ok(letter);
  const link = `https://shop.example/orders/${ORDER}?token=token%2Bof%2F${ORDER}`;
  assert.ok(textOf(letter).includes(`See your order: ${link}`), textOf(letter));
  assert.ok(textOf(letter).includes(`<a href="${link}">`));
  assert.deepEqual(orders.asked, [`contact ${ORDER}`, `link ${ORDER} ${7 * 86_400}`]);

  const tables = service.store.read.all("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => String(name));
  const everything = tables.map((table) => JSON.stringify(service.store.read.all(`SELECT * FROM ${table}`), (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value)));
  assert.doesNotMatch(`${everything.join()}${log.join()}`, /token(\+|%2B)of|guest@example/);
  assert.doesNotMatch(JSON.stringify(messages(service, GUEST).map(({ title, body }) => [title, body])), /https?:|token/);
});

test("a link without a token asks for none, and mail about no order has no link", async (t) => {
  const { service, letters, orders } = await mailing(t, { "shop.order_link": "https://shop.example/orders/{order_id}" });
  await confirmed(service, ALICE, "alice@example.org");
  await service.consume(placed(service, ALICE));
  await eventually(() => letters.length === 1);
  assert.ok(textOf(letters[0] as Letter).includes(`See your order: https://shop.example/orders/${ORDER}\r`));
  await service.consume(paymentWaits(ALICE, ""));
  await eventually(() => letters.length === 2);
  assert.doesNotMatch(textOf(letters[1] as Letter), /See your order|shop\.example/);
  assert.deepEqual(orders.asked, [`contact ${ORDER}`]);

  const off = await mailing(t);
  await confirmed(off.service, ALICE, "alice@example.org");
  await off.service.consume(placed(off.service, ALICE));
  await eventually(() => off.letters.length === 1);
  assert.doesNotMatch(textOf(off.letters[0] as Letter), /See your order/);
});

test("the language is the customer's, else that of the order, else the shop's", async (t) => {
  const { service, letters, orders } = await mailing(t);
  orders.contact = { emailAddress: "guest@example.org", locale: "de-ch" };
  await service.consume(placed(service, GUEST, { locale: "de-DE" }));
  await eventually(() => letters.length === 1);
  assert.match(textOf(letters[0] as Letter), /<html lang="de-CH">/);
  assert.match(messages(service, GUEST)[0]?.body ?? "", /22,40/);

  await set(service, GUEST, ["locale"], { locale: "en-GB" });
  await service.consume(placed(service, GUEST, { locale: "de-DE" }));
  await eventually(() => letters.length === 2);
  assert.match(textOf(letters[1] as Letter), /<html lang="en-GB">/);

  orders.contact = { emailAddress: "guest@example.org", locale: "en-a1" };
  await service.consume(placed(service, BOB, { locale: "en-a1" }));
  await eventually(() => letters.length === 3);
  assert.match(textOf(letters[2] as Letter), /<html lang="en-GB">/);
});

test("a customer who claims a guest has its messages, its deliveries and its preferences, once", async (t) => {
  const { service, clock } = await mailing(t, { "smtp.url": "smtp://127.0.0.1:9" });
  await service.consume(placed(service, ALICE));
  for (let time = 0; time < 3; time += 1) await service.consume(placed(service, GUEST));
  await set(service, GUEST, ["locale"], { locale: "de-DE" });
  const ids = messages(service, GUEST).map(({ id }) => id);
  clock.advance(HOUR);

  const watch = watchInAppMessages(service, create(WatchInAppMessagesRequestSchema, { customerId: ALICE }), new AbortController().signal);
  assert.equal((await watch.next()).value?.message?.sequence, 1n);
  const coming = watch.next();
  const claim = guestClaimed(GUEST, ALICE);
  for (const one of [claim, claim, guestClaimed(GUEST, ALICE)]) await service.consume(one);
  assert.equal((await coming).value?.message?.messageId, ids[0]);
  await watch.return(undefined);

  const mine = messages(service, ALICE);
  assert.deepEqual(mine.slice(1).map(({ id, sequence }) => [id, sequence]), ids.map((id, index) => [id, index + 2]));
  assert.equal(mine[1]?.createTime.getTime(), clock.now().getTime());
  assert.deepEqual(messages(service, GUEST), []);
  assert.deepEqual(deliveries(service).map(({ customer }) => customer), Array.from({ length: 4 }, () => ALICE));
  const { preferences } = getNotificationPreferences(service, create(GetNotificationPreferencesRequestSchema, { customerId: ALICE }));
  assert.equal(preferences?.locale, "de-DE");
  assert.equal(loadPreferences(service.store.read, GUEST).version, 0);

  // What comes late, or what the guest still does, is the customer's; a second customer gets nothing.
  await service.consume(placed(service, GUEST));
  await service.consume(guestClaimed(GUEST, BOB));
  assert.equal(messages(service, ALICE).length, 5);
  assert.deepEqual(messages(service, BOB), []);
  await service.consume(placed(service, ALICE));
  assert.deepEqual(messages(service, ALICE).map(({ sequence }) => sequence), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(audit(service.store.read).findings, []);
});

test("a customer who has chosen keeps its choice, and is notified of what is on the wishlists of its guest", async (t) => {
  const { service } = await mailing(t);
  await set(service, ALICE, ["locale"], { locale: "fr-FR" });
  await set(service, GUEST, ["locale"], { locale: "de-DE" });
  const before = loadPreferences(service.store.read, ALICE);
  await service.consume(guestClaimed(GUEST, ALICE));

  const after = loadPreferences(service.store.read, ALICE);
  assert.deepEqual([after.locale, after.version], ["fr-FR", before.version]);
  await service.consume(event(WishlistItemRestockedSchema, { customerId: GUEST, sku: "MUG-7", availableCount: 3 }));
  assert.deepEqual(messages(service, ALICE).map(({ kind }) => kind), [Kind.BACK_IN_STOCK]);
  assert.deepEqual(audit(service.store.read).findings, []);
});

test("a code that a guest was sent confirms the customer's address after the claim", async (t) => {
  const { service, letters } = await mailing(t);
  await set(service, GUEST, ["email_address"], { emailAddress: "guest@example.org" });
  await eventually(() => letters.length === 1);
  const code = /Your code is ([0-9A-Z-]{14})/.exec(letters[0]?.raw ?? "")?.[1] ?? "";
  await service.consume(guestClaimed(GUEST, ALICE));
  const { preferences } = await confirmEmailAddress(service, create(ConfirmEmailAddressRequestSchema, { customerId: ALICE, code }));
  assert.deepEqual([preferences?.emailAddress, preferences?.emailAddressConfirmed], ["guest@example.org", true]);
});

test("a code that waits for the mail server is sent after the claim too", async (t) => {
  let isUp = false;
  const server = await smtpReceiver(t, () => (isUp ? undefined : { code: 451, text: "later" }));
  const { service, clock } = await running(t, { "smtp.url": server.url, "smtp.require_tls": false });
  await set(service, GUEST, ["email_address"], { emailAddress: "guest@example.org" });
  await eventually(() => deliveries(service)[0]?.attempts === 1 && clock.sleeping.at(-1) !== undefined);
  await service.consume(guestClaimed(GUEST, ALICE));
  isUp = true;
  clock.advance(HOUR);
  await eventually(() => server.letters.length === 1);
  const code = /Your code is ([0-9A-Z-]{14})/.exec(server.letters[0]?.raw ?? "")?.[1] ?? "";
  assert.equal((await confirmEmailAddress(service, create(ConfirmEmailAddressRequestSchema, { customerId: ALICE, code }))).preferences?.emailAddressConfirmed, true);
});

test("what names no guest and no customer claims nothing, and never can", async (t) => {
  const { service } = await mailing(t);
  for (const [guest, customer] of [["", ALICE], [GUEST, ""], ["x", ALICE], [GUEST, "alice"], [GUEST, `${ALICE}\n`], [GUEST, GUEST]] as const) {
    await assert.rejects(service.consume(guestClaimed(guest, customer)), (error) => error instanceof Poison, `${guest} ${customer}`);
  }
  assert.deepEqual(service.store.read.all("SELECT * FROM claimed_guests"), []);
});

test("an event from before customers had ids notifies the customer of the name", async (t) => {
  const { service } = await mailing(t);
  await service.consume(event(OrderPlacedSchema, { order: order("", { customerId: "alice" }) }, now(service)));
  assert.equal(messages(service, ALICE).length, 1);
  assert.equal(messages(service, "alice").length, 0);
  await service.consume(orderPlaced("", now(service)));
  assert.equal(deliveries(service).length, 1);
});
