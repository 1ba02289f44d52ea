/** The pure rules: retries, preferences, settings, ids, tokens, who may see what. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Caller } from "@souk/chassis";
import { accountOf, ownerSeenBy } from "#src/caller.js";
import { Channel, NotificationKind as Kind, WebhookEndpointState as State } from "#src/contract.js";
import { afterFailure } from "#src/delivery.js";
import { disable, hasFailedTooLong, rotate, secretsAt } from "#src/endpoint.js";
import { Failure, failureOf } from "#src/failure.js";
import { pageOf } from "#src/page.js";
import { addressByRule, channelsFor, defaultPreferences, etagOf, tidyChannels, tidyKinds, tidyLocale } from "#src/preferences.js";
import type { Endpoint } from "#src/store/endpoints.js";
import { Tokens } from "#src/token.js";
import { settings } from "./support.js";

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

test("a receiver that says when to come back is heard, within the longest wait", () => {
  assert.deepEqual(afterFailure(rules, 1, new Failure("http 429", { retryAfter: 20_000 }), 0), { state: "pending", wait: 20_000 });
  assert.deepEqual(afterFailure(rules, 1, new Failure("http 429", { retryAfter: 10 ** 12 }), 0), { state: "pending", wait: 60_000 });
});

test("a failure keeps a code and never a text that somebody else wrote", () => {
  assert.equal(failureOf(Object.assign(new Error("connect ECONNREFUSED 10.0.0.1"), { code: "ECONNREFUSED" })).message, "econnrefused");
  assert.equal(failureOf(Object.assign(new Error("x"), { code: "a@b.c" })).message, "failed");
  assert.equal(failureOf(new Error("alice@example.com is unknown")).message, "failed");
  assert.equal(failureOf("text").message, "failed");
});

test("preferences decide kinds and channels; an account that has set nothing is told in the shop and by e-mail", () => {
  const none = defaultPreferences("alice");
  assert.deepEqual(channelsFor(none, Kind.ORDER_PLACED), [Channel.IN_APP, Channel.EMAIL]);
  const some = { ...none, defaultChannels: [Channel.IN_APP], kinds: tidyKinds([{ kind: Kind.ORDER_PAID, channels: [] }, { kind: Kind.ORDER_PLACED, channels: [Channel.EMAIL] }]) };
  assert.deepEqual(channelsFor(some, Kind.ORDER_PLACED), [Channel.EMAIL]);
  assert.deepEqual(channelsFor(some, Kind.ORDER_PAID), []);
  assert.deepEqual(channelsFor(some, Kind.REFUND_FAILED), [Channel.IN_APP]);
});

test("kinds and channels are tidied, and a kind that stands twice is refused", () => {
  assert.deepEqual(tidyChannels([Channel.EMAIL, Channel.IN_APP, Channel.EMAIL]), [Channel.IN_APP, Channel.EMAIL]);
  const twice = [{ kind: Kind.ORDER_PAID, channels: [] }, { kind: Kind.ORDER_PAID, channels: [Channel.EMAIL] }];
  assert.throws(() => tidyKinds(twice), { reason: "ERROR_REASON_KIND_REPEATED" });
});

test("a locale is written in one way, and what is none is refused", () => {
  assert.equal(tidyLocale("en-gb"), "en-GB");
  assert.equal(tidyLocale("DE"), "de");
  assert.equal(tidyLocale(""), "");
  for (const locale of ["e", "en-", "xx-yy-zz-", "en-aaaaaaaaa"]) {
    assert.throws(() => tidyLocale(locale), { reason: "ERROR_REASON_UNKNOWN_LOCALE" }, locale);
  }
});

test("the rule gives each account an address of its own that is an address", () => {
  const rule = "{account_id}@mailbox.localhost";
  assert.equal(addressByRule(rule, "alice"), "alice@mailbox.localhost");
  assert.equal(addressByRule("", "alice"), "");
  const accounts = ["al ice", "al_ice", "al@ice", "al.ice", "a%40b", "a@b", "ä", "<x>,y@z", "$&", "x".repeat(64), "x".repeat(65), "x".repeat(128), "\u{1f600}"];
  const addresses = accounts.map((account) => addressByRule(rule, account));
  assert.equal(new Set(addresses).size, accounts.length);
  for (const address of addresses) assert.match(address, /^[A-Za-z0-9%_-]{1,64}@mailbox\.localhost$/);
});

test("an etag changes with each version and says nothing else", () => {
  assert.notEqual(etagOf("alice", 1), etagOf("alice", 2));
  assert.equal(etagOf("alice", 1), etagOf("alice", 1));
  assert.match(etagOf("alice", 1), /^[A-Za-z0-9_-]{22}$/);
});

const now = new Date("2026-03-01T12:00:00Z");
const endpoint = { secret: "whsec_a", previousSecret: "", state: State.ENABLED, version: 1, failingSince: undefined } as Endpoint;

test("the old secret signs along for a day", () => {
  const rotated = rotate(endpoint, "whsec_b", now);
  assert.deepEqual(secretsAt(endpoint, now), ["whsec_a"]);
  assert.deepEqual(secretsAt(rotated, now), ["whsec_b", "whsec_a"]);
  assert.deepEqual(secretsAt(rotated, new Date(now.getTime() + 24 * 3_600_000)), ["whsec_b"]);
});

test("an endpoint is switched off after long failure, with its reason", () => {
  const failing = { ...endpoint, failingSince: now };
  const hours = (count: number) => new Date(now.getTime() + count * 3_600_000);
  assert.ok(!hasFailedTooLong(endpoint, hours(1000), 120 * 3_600_000));
  assert.ok(!hasFailedTooLong(failing, hours(119), 120 * 3_600_000));
  assert.ok(hasFailedTooLong(failing, hours(120), 120 * 3_600_000));
  const off = disable(failing, "failing", hours(120));
  assert.deepEqual([off.state, off.disableReason, off.version], [State.DISABLED, "failing", 2]);
});

test("a token opens in its own scope only, and not when it was changed", () => {
  const tokens = new Tokens(Buffer.from("key"));
  const token = tokens.issue(["ListMessages", "user:alice"], "42");
  assert.equal(tokens.open(["ListMessages", "user:alice"], token), "42");
  assert.equal(tokens.open(["ListMessages", "user:bob"], token), undefined);
  assert.equal(tokens.open(["ListMessages", "user:alice", ""], token), undefined);
  for (const bad of ["", "x", `${token}A`, token.slice(2), token.replace(/^./, (first) => (first === "A" ? "B" : "A"))]) {
    assert.equal(tokens.open(["ListMessages", "user:alice"], bad), undefined, bad);
  }
  assert.equal(new Tokens(Buffer.from("other")).open(["ListMessages", "user:alice"], token), undefined);
});

test("pages hold everything once, in order", () => {
  const tokens = new Tokens(Buffer.from("key"));
  const all = Array.from({ length: 7 }, (_, index) => index + 1);
  const found: number[] = [];
  let pageToken = "";
  do {
    const page = pageOf(tokens, ["x"], { pageSize: 3, pageToken }, (place, most) => all.filter((one) => one > Number(place)).slice(0, most));
    found.push(...page.items);
    pageToken = page.next(String);
  } while (pageToken !== "");
  assert.deepEqual(found, all);
  assert.throws(() => pageOf(tokens, ["x"], { pageSize: 3, pageToken: "forged" }, () => []), /page token/);
});

test("a user has its own account and no other, others name one", () => {
  assert.equal(accountOf(Caller.user("alice"), ""), "alice");
  assert.equal(accountOf(Caller.user("alice"), "alice"), "alice");
  assert.throws(() => accountOf(Caller.user("alice"), "bob"), { reason: "ERROR_REASON_OTHER_ACCOUNT" });
  assert.throws(() => accountOf(Caller.staff("ann"), ""), { reason: "ERROR_REASON_NO_ACCOUNT" });
  assert.equal(accountOf(Caller.service("erp"), "bob"), "bob");
  assert.equal(ownerSeenBy(Caller.staff("ann")), undefined);
  assert.equal(ownerSeenBy(Caller.service("erp")), "service:erp");
});

test("the settings that hold are good ones, and e-mail goes to the mailbox until a server is set", async () => {
  const config = await settings();
  assert.equal(config.email.defaultAddress, "{account_id}@mailbox.localhost");
  assert.equal((await settings({ "smtp.url": "smtp://mail.example.com" })).email.defaultAddress, "");
  assert.equal(config.webhooks.timeoutMs, 15_000);
  assert.equal((await settings({ "retry.attempts": "7" })).retry.attempts, 7);
});

test("a setting that cannot be is refused by name, without its value", async () => {
  const bad: Record<string, unknown> = {
    "retry.attempts": 0,
    "retry.first_seconds": "many",
    "webhooks.allow_http": "yes",
    "webhooks.allowed_networks": "10.0.0.0/99",
    "smtp.url": "http://user:hunter2@host",
    "email.from": "nobody",
    "email.default_address": "everybody@example.com",
    "shop.locale": "not a locale",
    "data.url": "postgres://x",
  };
  for (const [key, value] of Object.entries(bad)) {
    await assert.rejects(settings({ [key]: value }), (error: Error) => error.message.startsWith(key) && !error.message.includes("hunter2"), key);
  }
});
