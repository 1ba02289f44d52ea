/** The pure rules: retries, preferences, settings, ids, who may see what. */
import assert from "node:assert/strict";
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { create, fromBinary, toBinary, type DescMessage } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { BadRequestSchema, Caller, ConfigError, type Refusal as Refused } from "@souk/chassis";
import { isAddress } from "#src/address.js";
import { customerOf, ownerSeenBy } from "#src/caller.js";
import { NotificationChannel as Channel, NotificationDeliveryFailure as Why, NotificationKind as Kind, WebhookEndpointState as State } from "#src/contract.js";
import { afterFailure } from "#src/delivery.js";
import { disable, enable, hasFailedTooLong, rotate, secretsAt } from "#src/endpoint.js";
import { Failure, describe, failureOf } from "#src/failure.js";
import { fieldsOf } from "#src/mask.js";
import { addressByRule, channelsFor, defaultPreferences, etagOf, tidyChannels, tidyKinds, tidyLocale } from "#src/preferences.js";
import { Sealing, keyOf } from "#src/sealing.js";
import type { Endpoint } from "#src/store/endpoints.js";
import { ALICE, folder, settings } from "./support.js";

/** The fields that a refusal names in its BadRequest. */
function fieldsIn({ details }: Refused): string[] {
  const found = details.filter(({ desc }) => desc.typeName === BadRequestSchema.typeName);
  const schema = BadRequestSchema as DescMessage;
  return found.flatMap(({ value }) => {
    const request = fromBinary(BadRequestSchema, toBinary(schema, create(schema, value)));
    return request.fieldViolations.map(({ field }) => field);
  });
}

const rules = { first: 5_000, factor: 3, longest: 60_000, attempts: 5 };
const failure = new Failure("http 503");

test("each wait is longer than the one before, up to the longest, and half of it is chance", () => {
  const waits = (random: number) =>
    [1, 2, 3, 4].map((attempts) => {
      const next = afterFailure(rules, attempts, failure, random);
      return next.state === "pending" ? next.wait : -1;
    });
  assert.deepEqual(waits(0), [2_500, 7_500, 22_500, 30_000]);
  assert.deepEqual(waits(1), [5_000, 15_000, 45_000, 60_000]);
});

test("a delivery dies after its last attempt, and at once when it can never succeed", () => {
  assert.deepEqual(afterFailure(rules, 5, failure, 0), { state: "dead" });
  assert.deepEqual(afterFailure(rules, 1, new Failure("smtp 550", { isFinal: true }), 0), { state: "dead" });
});

test("a receiver that says when to come back is obeyed, within the longest wait", () => {
  assert.deepEqual(afterFailure(rules, 1, new Failure("http 429", { retryAfter: 20_000 }), 0), { state: "pending", wait: 20_000 });
  assert.deepEqual(afterFailure(rules, 1, new Failure("http 429", { retryAfter: 10 ** 12 }), 0), { state: "pending", wait: 60_000 });
});

test("a failure keeps a code and never a text that somebody else wrote", () => {
  assert.equal(failureOf(Object.assign(new Error("connect ECONNREFUSED 10.0.0.1"), { code: "ECONNREFUSED" })).message, "econnrefused");
  assert.equal(failureOf(Object.assign(new Error("x"), { code: "a@b.c" })).message, "failed");
  assert.equal(failureOf(new Error("alice@example.com is unknown")).message, "failed");
  assert.equal(failureOf("text").message, "failed");
});

test("a failure is said as a program acts on it, with the receiver's code and the word for people", () => {
  const said: [string, Why, number][] = [
    ["", Why.UNSPECIFIED, 0],
    ["http 503", Why.HTTP_STATUS, 503],
    ["smtp 550", Why.SMTP_REPLY, 550],
    ["timeout", Why.TIMEOUT, 0],
    ["econnrefused", Why.UNREACHABLE, 0],
    ["dns", Why.UNREACHABLE, 0],
    ["smtp", Why.UNREACHABLE, 0],
    ["refused address", Why.TARGET_REFUSED, 0],
    ["endpoint disabled", Why.ENDPOINT_DISABLED, 0],
    ["endpoint paused", Why.ENDPOINT_DISABLED, 0],
    ["address not confirmed", Why.EMAIL_ADDRESS_NOT_CONFIRMED, 0],
    ["failed", Why.INTERNAL, 0],
  ];
  for (const [word, failure, failureCode] of said) assert.deepEqual(describe(word), { failure, failureCode, failureDetail: word });
});

test("preferences decide kinds and channels; a customer who has set nothing is notified in the shop and by e-mail", () => {
  const none = defaultPreferences("alice");
  assert.deepEqual(channelsFor(none, Kind.ORDER_PLACED), [Channel.IN_APP, Channel.EMAIL]);
  const some = { ...none, defaultChannels: [Channel.IN_APP], kinds: tidyKinds([{ kind: Kind.ORDER_PAID, channels: [] }, { kind: Kind.ORDER_PLACED, channels: [Channel.EMAIL] }], "kinds") };
  assert.deepEqual(channelsFor(some, Kind.ORDER_PLACED), [Channel.EMAIL]);
  assert.deepEqual(channelsFor(some, Kind.ORDER_PAID), []);
  assert.deepEqual(channelsFor(some, Kind.REFUND_FAILED), [Channel.IN_APP]);
});

test("kinds and channels are tidied, and a kind that appears more than once is refused", () => {
  assert.deepEqual(tidyChannels([Channel.EMAIL, Channel.IN_APP, Channel.EMAIL]), [Channel.IN_APP, Channel.EMAIL]);
  const twice = [{ kind: Kind.ORDER_PAID, channels: [] }, { kind: Kind.ORDER_PAID, channels: [Channel.EMAIL] }];
  const message = "field preferences.kinds[1].kind must not be NOTIFICATION_KIND_ORDER_PAID again";
  assert.throws(() => tidyKinds(twice, "preferences.kinds"), { reason: "ERROR_REASON_INVALID_FIELD", message });
});

test("a locale is written in one way, and what is none is refused", () => {
  assert.equal(tidyLocale("en-gb", "locale"), "en-GB");
  assert.equal(tidyLocale("DE", "locale"), "de");
  assert.equal(tidyLocale("", "locale"), "");
  for (const locale of ["e", "en-", "xx-yy-zz-", "en-aaaaaaaaa"]) {
    assert.throws(() => tidyLocale(locale, "locale"), { reason: "ERROR_REASON_INVALID_FIELD" }, locale);
  }
});

test("a customer without an address has one by the rule, of its own", () => {
  assert.equal(addressByRule("shop+{customer_id}@mailbox.localhost", ALICE), `shop+${ALICE}@mailbox.localhost`);
  assert.equal(addressByRule("", ALICE), "");
});

test("an etag changes with each version and says nothing else", () => {
  assert.notEqual(etagOf("alice", 1), etagOf("alice", 2));
  assert.equal(etagOf("alice", 1), etagOf("alice", 1));
  assert.match(etagOf("alice", 1), /^[A-Za-z0-9_-]{22}$/);
});

const now = new Date("2026-03-01T12:00:00Z");
const endpoint = { secret: "whsec_a", previousSecret: "", state: State.ENABLED, version: 1, failingStartTime: undefined } as Endpoint;

test("the old secret signs along for a day", () => {
  const rotated = rotate(endpoint, "whsec_b", now);
  assert.deepEqual(secretsAt(endpoint, now), ["whsec_a"]);
  assert.deepEqual(secretsAt(rotated, now), ["whsec_b", "whsec_a"]);
  assert.deepEqual(secretsAt(rotated, new Date(now.getTime() + 24 * 3_600_000)), ["whsec_b"]);
});

test("an endpoint is switched off after long failure, with its reason", () => {
  const failing = { ...endpoint, failingStartTime: now };
  const hours = (count: number) => new Date(now.getTime() + count * 3_600_000);
  assert.ok(!hasFailedTooLong(endpoint, hours(1000), 120 * 3_600_000));
  assert.ok(!hasFailedTooLong(failing, hours(119), 120 * 3_600_000));
  assert.ok(hasFailedTooLong(failing, hours(120), 120 * 3_600_000));
  const off = disable(failing, "failing", hours(120));
  assert.deepEqual([off.state, off.disableReason, off.version], [State.DISABLED, "failing", 2]);
  const on = enable(off, hours(121));
  assert.deepEqual([on.state, on.disableReason, on.failingStartTime, on.version], [State.ENABLED, "", undefined, 3]);
});

test("an address is what mail servers take: no stray dot, no hyphen at an end, other scripts as A-labels", () => {
  const good = ["a@example.com", "first.last+tag@mail.example.co.uk", "o'neill@example.com", "x@xn--bcher-kva.example", "1@1a.example", `${"x".repeat(64)}@example.com`];
  const bad = [
    "a..b@example.com", "a@-example.com", "a@example-.com", ".a@example.com", "a.@example.com", "a@example..com", "a@example.com.", "a@.com",
    "a@example", "a@", "@example.com", "a", "a b@example.com", '"a b"@example.com', "a@[127.0.0.1]", "a@127.0.0.1", "a@b@example.com", "a@büch.example",
    "ä@example.com", "a@xn--.example", `${"x".repeat(65)}@example.com`, `a@${"x".repeat(64)}.com`, `a@${"x.".repeat(126)}com`, "a@example.com\r\nBcc: x@y.z", "",
  ];
  for (const address of good) assert.ok(isAddress(address), address);
  for (const address of bad) assert.ok(!isAddress(address), address);
});

test("a mask names whole fields that can be changed, and nothing else", () => {
  const fields = ["email_address", "locale"];
  assert.deepEqual([...fieldsOf(create(FieldMaskSchema, { paths: ["locale"] }), fields)], ["locale"]);
  assert.deepEqual([...fieldsOf(create(FieldMaskSchema, { paths: ["*"] }), fields)], fields);
  for (const paths of [["email_address.x"], ["locale", "etag"], ["locale."], ["*", "etag"], [""], []]) {
    assert.throws(() => fieldsOf(create(FieldMaskSchema, { paths }), fields), (error: Refused) => {
      assert.equal(error.reason, "ERROR_REASON_INVALID_FIELD");
      assert.deepEqual(fieldsIn(error), ["update_mask"]);
      assert.match(error.message, /email_address, locale/);
      return true;
    }, paths.join());
  }
});

test("a sealed text opens with its key for its purpose, and otherwise not", () => {
  const sealing = new Sealing(Buffer.alloc(32, 1));
  const sealed = sealing.seal("whsec_x", "a");
  assert.doesNotMatch(sealed, /whsec/);
  assert.notEqual(sealing.seal("whsec_x", "a"), sealed);
  assert.equal(sealing.open(sealed, "a"), "whsec_x");
  assert.equal(sealing.open(sealed, "b"), undefined);
  assert.equal(new Sealing(Buffer.alloc(32, 2)).open(sealed, "a"), undefined);
  for (const bad of ["", "whsec_x", "sealed:1:", `${sealed.slice(0, -5)}AAAA=`]) assert.equal(sealing.open(bad, "a"), undefined, bad);
});

test("the key is made once, for its owner alone, and never inside the data folder", async () => {
  const [dataDir, elsewhere] = [await folder(), await folder()];
  const file = join(elsewhere, "state", "webhooks.key");
  const made: string[] = [];
  const key = () => keyOf({ secretKey: "", secretKeyFile: file }, dataDir, (path) => made.push(path));
  assert.deepEqual(key(), key());
  assert.deepEqual(made, [file]);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(join(elsewhere, "state"))).mode & 0o777, 0o700);
  assert.deepEqual((await readdir(join(elsewhere, "state"))), ["webhooks.key"]);
  assert.throws(() => keyOf({ secretKey: "", secretKeyFile: join(dataDir, "x", "key") }, dataDir, () => undefined), /outside data_dir/);
  await writeFile(file, "short\n");
  assert.throws(key, /does not hold a key: it must be 32 bytes in base64/);
  assert.throws(() => keyOf({ secretKey: "", secretKeyFile: join(file, "key") }, dataDir, () => undefined), /NOTIFICATIONS__WEBHOOKS__SECRET_KEY/);
});

test("who is no user names a customer, and a service sees its own endpoints", () => {
  assert.throws(() => customerOf(""), { reason: "ERROR_REASON_INVALID_FIELD" });
  assert.equal(customerOf(ALICE), ALICE);
  assert.equal(ownerSeenBy(Caller.staff("ann")), undefined);
  assert.equal(ownerSeenBy(Caller.service("erp")), "service:erp");
});

test("the settings that hold are good ones, and e-mail goes to the mailbox until a server is set", () => {
  const config = settings();
  assert.equal(config.email.default_address, "{customer_id}@mailbox.localhost");
  assert.equal(settings({ "smtp.url": "smtp://mail.example.com" }).email.default_address, "");
  assert.equal(config.webhooks.timeout_seconds, 15);
  assert.equal(settings({ "retry.attempts": "7" }).retry.attempts, 7);
});

test("a setting that is not allowed is refused with its name, its value and what is allowed", () => {
  const refused: [key: string, value: string | number, message: string][] = [
    ["retry.attempts", 0, "retry.attempts = 0: must be a whole number from 1 to 100"],
    ["retry.attempts", 1.5, "retry.attempts = 1.5: must be a whole number from 1 to 100"],
    ["retry.first_seconds", "many", 'retry.first_seconds = "many": must be a number'],
    ["webhooks.answer_bytes", 16_777_217, "webhooks.answer_bytes = 16777217: must be a whole number from 0 to 16777216"],
    ["webhooks.allow_http", "yes", 'webhooks.allow_http = "yes": must be true or false'],
    ["webhooks.allowed_networks", "10.0.0.0/99", 'webhooks.allowed_networks = "10.0.0.0/99": must be networks separated by commas: 10.0.0.0/99 '],
    ["webhooks.allowed_ports", "8443, ssh", 'webhooks.allowed_ports = "8443, ssh": must be ports separated by commas: ssh '],
    ["webhooks.secret_key", "hunter2", "webhooks.secret_key = [hidden]: must be empty, or 32 bytes in base64"],
    ["email.confirmations_a_day", 0, "email.confirmations_a_day = 0: must be a whole number from 1 to 1000"],
    ["smtp.url", "http://user:hunter2@host", "smtp.url = [hidden]: must be empty, smtp://… or smtps://…"],
    ["email.from", "nobody", 'email.from = "nobody": must be an address, or a name and an address in <>'],
    ["email.default_address", "everybody@example.com", 'email.default_address = "everybody@example.com": must be empty, or an address with {customer_id} and at most 29 other characters'],
    ["mailbox.address", `${"x".repeat(30)}{customer_id}@example.com`, `mailbox.address = "${"x".repeat(30)}{customer_id}@example.com": must be empty`],
    ["mailbox.address", "everybody@example.com", 'mailbox.address = "everybody@example.com": must be empty, or an address with {customer_id}'],
    ["shop.name", "", 'shop.name = "": must be 1 to 100 characters on one line'],
    ["shop.url", "shop.example.com", "shop.url = [hidden]: must be empty, http://… or https://…"],
    ["shop.order_link", "https://shop.example/orders", 'shop.order_link = "https://shop.example/orders": must be empty, or a web address with {order_id}, {token} or both'],
    ["shop.order_link", "https://{token}.example/", 'shop.order_link = "https://{token}.example/": must be empty, or a web address'],
    ["shop.order_link", "https://shop.example/{order}", 'shop.order_link = "https://shop.example/{order}": must be empty, or a web address'],
    ["shop.order_link_days", 91, "shop.order_link_days = 91: must be a whole number from 1 to 90"],
    ["shop.locale", "not a locale", 'shop.locale = "not a locale": must be a locale such as en-GB'],
    ["data.url", "postgres://x", "data.url = [hidden]: must be sqlite: and a file"],
  ];
  for (const [key, value, message] of refused) {
    assert.throws(() => settings({ [key]: value }), (error: Error) => {
      assert.equal(error.message.replace(/ \(from [^)]*\)/, "").slice(0, message.length), message);
      return error instanceof ConfigError;
    });
  }
});
