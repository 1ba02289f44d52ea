/** An address is confirmed before mail goes to it. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { customerOf } from "@souk/client";

import { ConfirmEmailAddressRequestSchema, NotificationDeliveryState as DeliveryState, NotificationKind as Kind, UpdateNotificationPreferencesRequestSchema } from "#src/contract.js";
import { confirmEmailAddress } from "#src/rpc/confirm_email_address.js";
import { updateNotificationPreferences } from "#src/rpc/update_notification_preferences.js";
import type { Notifications } from "#src/service.js";
import { listDeliveries } from "#src/store/deliveries.js";
import { messagesAfter } from "#src/store/messages.js";
import { smtpReceiver, type Letter } from "./receiver.js";
import { ALICE, BOB, eventually, orderPlaced, running, type Changes, type Running } from "./support.js";

const HOUR = 3_600_000;
const REFUSED = { reason: "ERROR_REASON_CODE_REFUSED" };

interface Mailing extends Running {
  letters: Letter[];
}

async function mailing(t: TestContext, changes: Changes = {}): Promise<Mailing> {
  const server = await smtpReceiver(t);
  const all = { "smtp.url": server.url, "smtp.require_tls": false, ...changes };
  return { ...(await running(t, all)), letters: server.letters };
}

async function setAddress(service: Notifications, emailAddress: string, customerId = ALICE): Promise<boolean> {
  const request = create(UpdateNotificationPreferencesRequestSchema, { updateMask: { paths: ["email_address"] }, preferences: { customerId, emailAddress } });
  return (await updateNotificationPreferences(service, request)).preferences?.emailAddressConfirmed ?? false;
}

const confirm = (service: Notifications, code: string, customerId = ALICE) =>
  confirmEmailAddress(service, create(ConfirmEmailAddressRequestSchema, { customerId, code }));
const codeIn = (letter: Letter | undefined) => /Your code is ([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})/.exec(letter?.raw ?? "")?.[1] ?? "";
const placedNow = (service: Notifications) => orderPlaced("alice", { time: timestampFromDate(service.clock.now()) });

test("nothing but the code goes to an address until it is confirmed, and messages in the shop come all the same", async (t) => {
  const { service, letters } = await mailing(t);
  assert.equal(await setAddress(service, "alice@example.org"), false);
  await service.consume(placedNow(service));
  await eventually(() => letters.length === 1);
  assert.equal(messagesAfter(service.store.read, ALICE, 0, 10).length, 1);
  assert.match(letters[0]?.raw ?? "", /^Subject: Confirm your e-mail address\r$/m);

  const { preferences } = await confirm(service, codeIn(letters[0]));
  assert.equal(preferences?.emailAddressConfirmed, true);
  await service.consume(placedNow(service));
  await eventually(() => letters.length === 2);
  assert.match(letters[1]?.raw ?? "", /^Subject: Your order INV-1042 is placed\r$/m);
});

test("another address needs another code, also one that was confirmed before", async (t) => {
  const { service, letters } = await mailing(t);
  await setAddress(service, "alice@example.org");
  await eventually(() => letters.length === 1);
  await confirm(service, codeIn(letters[0]));

  assert.equal(await setAddress(service, "mallory@example.org"), false);
  await assert.rejects(confirm(service, codeIn(letters[0])), REFUSED);
  await eventually(() => letters.length === 2);
  assert.deepEqual(letters[1]?.to, ["mallory@example.org"]);
  assert.equal(await setAddress(service, "alice@example.org"), false);
});

test("mail that was decided before the address changed is skipped, with a reason", async (t) => {
  const { service, letters } = await mailing(t, { "retry.attempts": 3 });
  await setAddress(service, "alice@example.org");
  await eventually(() => letters.length === 1);
  await confirm(service, codeIn(letters[0]));
  const placed = placedNow(service);
  // Both in one commit: the e-mail is decided for the old address and due after the change.
  await Promise.all([service.consume(placed), setAddress(service, "new@example.org")]);
  const skipped = await eventually(() => listDeliveries(service.store.read, { states: [DeliveryState.SKIPPED] }, "oldest first", undefined, 1)[0]);
  assert.deepEqual([skipped.kind, skipped.failure], [Kind.ORDER_PLACED, "address not confirmed"]);
  await eventually(() => letters.length === 2);
  assert.match(letters[1]?.raw ?? "", /Confirm your e-mail address/);
});

test("a code is another customer's, too old or tried too often, and then confirms nothing", async (t) => {
  const { service, letters, clock } = await mailing(t);
  await setAddress(service, "alice@example.org");
  await eventually(() => letters.length === 1);
  const code = codeIn(letters[0]);
  await setAddress(service, "alice@example.org", BOB);
  await assert.rejects(confirm(service, code, BOB), REFUSED);
  await assert.rejects(confirm(service, "", customerOf("user:carol")), REFUSED);

  for (let time = 0; time < 10; time += 1) await assert.rejects(confirm(service, "0000-0000-0000"), REFUSED);
  await assert.rejects(confirm(service, code), REFUSED);

  // Setting it again sends a new one, once the old is of no use.
  await setAddress(service, "alice@example.org");
  const next = await eventually(() => letters.filter(({ raw }) => codeIn({ raw } as Letter) !== code).length === 2 && codeIn(letters.at(-1)));
  clock.advance(24 * HOUR);
  await assert.rejects(confirm(service, next), REFUSED);
});

test("a repeat of the call sends no second code while the first is good", async (t) => {
  const { service, letters } = await mailing(t);
  for (let time = 0; time < 5; time += 1) await setAddress(service, "alice@example.org");
  await eventually(() => letters.length === 1);
  await confirm(service, codeIn(letters[0]));
  assert.equal(await setAddress(service, "alice@example.org"), true);
  const all = listDeliveries(service.store.read, {}, "oldest first", undefined, 10);
  assert.deepEqual(all.map(({ kind, state }) => [kind, state]), [[Kind.EMAIL_CONFIRMATION, DeliveryState.DELIVERED]]);
});

test("confirmations are limited within a day, by the customer and by the address", async (t) => {
  const { service, clock } = await mailing(t, { "email.confirmations_a_day": 3 });
  const tooMany = { reason: "ERROR_REASON_TOO_MANY_CONFIRMATIONS", metadata: { limit: "3" } };
  for (const name of ["a", "b", "c"]) await setAddress(service, `${name}@example.org`);
  await assert.rejects(setAddress(service, "d@example.org"), tooMany);
  // Nothing of a refused change is kept.
  assert.equal((await updateNothing(service)).emailAddress, "c@example.org");

  for (const name of [BOB, customerOf("user:carol")]) await setAddress(service, "C@example.org", name);
  await assert.rejects(setAddress(service, "c@example.org", customerOf("user:dan")), tooMany);
  clock.advance(24 * HOUR);
  await setAddress(service, "d@example.org");
});

test("the code is at rest as a hash and sealed, and after it was mailed as a hash alone", async (t) => {
  const { service, letters } = await mailing(t);
  await setAddress(service, "alice@example.org");
  const row = () => service.store.read.get("SELECT sealed_code, code_hash FROM email_confirmations");
  await eventually(() => letters.length === 1 && row()?.sealed_code === "");
  const code = codeIn(letters[0]);
  const tables = service.store.read.all("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => String(name));
  const everything = tables.map((table) => JSON.stringify(service.store.read.all(`SELECT * FROM ${table}`), bigints)).join();
  for (const text of [code, code.replaceAll("-", "")]) assert.ok(!everything.includes(text));
});

const bigints = (_key: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);

async function updateNothing(service: Notifications) {
  const request = create(UpdateNotificationPreferencesRequestSchema, { updateMask: { paths: ["locale"] }, preferences: { customerId: ALICE } });
  const { preferences } = await updateNotificationPreferences(service, request);
  assert.ok(preferences);
  return preferences;
}
