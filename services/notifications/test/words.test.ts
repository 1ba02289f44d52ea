/** Money, templates and the mailbox: what people read. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { NotificationKind as Kind } from "#src/contract.js";
import type { Facts } from "#src/facts.js";
import { Mailbox } from "#src/mailbox.js";
import { formatMoney } from "#src/money.js";
import { SAMPLE_TIME, sampleFacts } from "#src/sample.js";
import { Templates, allKinds, kindName, kindOf } from "#src/template.js";
import { ROOT, folder } from "./support.js";

const shop = { name: "Souk", url: "https://shop.example.com" };
const templates = new Templates(join(ROOT, "templates"), shop);
const british = { time: SAMPLE_TIME, locale: "en-GB" };

test("money is written by its currency and the locale, exactly", () => {
  assert.equal(formatMoney({ currency: "GBP", minor: 1999n }, "en-GB"), "£19.99");
  assert.equal(formatMoney({ currency: "GBP", minor: -5n }, "en-GB"), "-£0.05");
  assert.equal(formatMoney({ currency: "EUR", minor: 123456n }, "de-DE"), "1.234,56\u00a0€");
  assert.equal(formatMoney({ currency: "JPY", minor: 1999n }, "ja-JP"), "￥1,999");
  assert.equal(formatMoney({ currency: "KWD", minor: 1999n }, "en-GB"), "KWD\u00a01.999");
  assert.equal(formatMoney({ currency: "GBP", minor: 0n }, "en-GB"), "£0.00");
  assert.equal(formatMoney({ currency: "GBP", minor: 9007199254740993n }, "en-GB"), "£90,071,992,547,409.93");
  assert.equal(formatMoney({ currency: "KWD", minor: 9223372036854775807n }, "en-GB"), "KWD\u00a09,223,372,036,854,775.807");
});

test("the digits are those of ISO 4217 and not those of cash, on every version of ICU", () => {
  const shown: [string, bigint, string][] = [
    ["HUF", 199_900n, "HUF\u00a01,999.00"],
    ["IDR", 5_000_000n, "IDR\u00a050,000.00"],
    ["COP", 4_990_000n, "COP\u00a049,900.00"],
    ["PKR", 150_000n, "PKR\u00a01,500.00"],
    ["IQD", 12_345_000n, "IQD\u00a012,345.000"],
    ["JPY", 1999n, "JP¥1,999"],
    ["KWD", 12_345n, "KWD\u00a012.345"],
    ["CLF", 12_345n, "CLF\u00a01.2345"],
  ];
  for (const [currency, minor, text] of shown) assert.equal(formatMoney({ currency, minor }, "en-GB"), text);
  // Those that Intl writes without the digits, or with others.
  const two = ["AFN", "ALL", "COP", "HUF", "IDR", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "PKR", "SOS", "SYP", "YER"];
  for (const currency of two) assert.match(formatMoney({ currency, minor: 1n }, "en-GB"), /0\.01$/, currency);
});

test("a currency without a minor unit of its own is written as its code and the number", () => {
  assert.equal(formatMoney({ currency: "XXX", minor: 1999n }, "en-GB"), "XXX 1999");
  assert.equal(formatMoney({ currency: "XTS", minor: -5n }, "de-DE"), "XTS -5");
  assert.equal(formatMoney({ currency: "ZZZ", minor: 1999n }, "en-GB"), "ZZZ 1999");
});

test("every kind has every template, and none says more than its facts", () => {
  assert.equal(allKinds().length, 18);
  for (const kind of allKinds()) {
    const { subject, text, html } = templates.mail(kind, sampleFacts(kind), british);
    const { title, body } = templates.inApp(kind, sampleFacts(kind), british);
    assert.equal(title, subject);
    for (const part of [subject, text, html, body]) {
      assert.ok(part.length > 5, kindName(kind));
      assert.doesNotMatch(part, /undefined|null|NaN|\{\{|\{%|\[object/, kindName(kind));
    }
    assert.match(html, /^<!doctype html>/);
    assert.match(html, /<\/html>\s*$/);
    assert.equal(kindOf(kindName(kind)), kind);
  }
  assert.equal(kindOf("nothing"), undefined);
});

test("an order's mail names what was ordered and what it costs", () => {
  const { subject, text, html } = templates.mail(Kind.ORDER_PLACED, sampleFacts(Kind.ORDER_PLACED), british);
  assert.equal(subject, "Your order INV-1042 is placed");
  assert.match(text, /2 x Tea towel <blue & white>: £9\.90/);
  assert.match(text, /Discount: -£1\.00\n  Shipping: £3\.90\n  Total: £25\.30/);
  assert.match(html, /2 × Tea towel &lt;blue &amp; white&gt;/);
  assert.match(html, /£25\.30/);
});

test("a parcel's message says what left and how to find it, and an event of an earlier version says all of the order", () => {
  const { subject, text, html } = templates.mail(Kind.ORDER_PARTIALLY_FULFILLED, sampleFacts(Kind.ORDER_PARTIALLY_FULFILLED), british);
  assert.equal(subject, "A part of your order INV-1042 is on its way");
  assert.match(text, /2 x Tea towel <blue & white>\n\nCarrier: dhl\nParcel number: 00340434161094042557\nFollow it: https:\/\/carrier\.example/);
  assert.doesNotMatch(text, /Enamel mug/);
  assert.match(html, /<li>2 × Tea towel &lt;blue &amp; white&gt;<\/li>/);
  assert.match(html, /<a href="https:\/\/carrier\.example\/parcels\/00340434161094042557">/);

  const { order, parcel } = sampleFacts(Kind.ORDER_FULFILLED);
  assert.ok(order !== undefined && parcel !== undefined);
  const fulfilled = (facts: Facts) => templates.mail(Kind.ORDER_FULFILLED, facts, british);
  assert.equal(fulfilled({ order, parcel: { ...parcel, is_not_first: true } }).subject, "The rest of your order INV-1042 is on its way");
  assert.doesNotMatch(fulfilled({ order, parcel: { ...parcel, tracking: null } }).text, /Carrier|Parcel number|Follow/);
  const earlier = fulfilled({ order });
  assert.equal(earlier.subject, "Your order INV-1042 is on its way");
  assert.match(earlier.text, /1 x Enamel mug: £12\.50/);
});

test("a carrier's text is never markup", () => {
  const { order, parcel } = sampleFacts(Kind.ORDER_FULFILLED);
  assert.ok(order !== undefined && parcel !== undefined);
  const tracking = { carrier: "<b>dhl", number: '"><script>', uri: 'https://carrier.example/"onclick="x' };
  const { html } = templates.mail(Kind.ORDER_FULFILLMENT_UPDATED, { order, parcel: { ...parcel, tracking } }, british);
  assert.doesNotMatch(html, /<b>|<script|"onclick/);
});

test("money that was taken back is written in its currency, and a cancelled order asks for nothing", () => {
  const reversed = (facts: Facts) => templates.mail(Kind.ORDER_PAYMENT_REVERSED, facts, british);
  const sample = sampleFacts(Kind.ORDER_PAYMENT_REVERSED);
  assert.ok(sample.order);
  assert.match(reversed(sample).subject, /^Your payment of £25\.30 for order INV-1042 was taken back$/);
  assert.match(reversed(sample).text, /Please check with your bank, or contact us\./);
  assert.doesNotMatch(reversed({ ...sample, order: { ...sample.order, reason: "canceled" } }).text, /contact us/);
  const refund = { amount: { currency: "KWD", minor: 1999n } };
  const { subject } = templates.mail(Kind.ORDER_REFUND_REVERSED, { ...sampleFacts(Kind.ORDER_REFUND_REVERSED), refund }, british);
  assert.equal(subject, "The refund of KWD\u00a01.999 for order INV-1042 did not arrive");
});

test("data is never markup, and a headline is one line", () => {
  const facts = sampleFacts(Kind.ORDER_PLACED);
  const evil = '<script>alert(1)</script>"\'{{ shop.url }}\r\nBcc: everybody@example.com\u2028';
  assert.ok(facts.order);
  const order = { ...facts.order, name: evil, lines: facts.order.lines.map((line) => ({ ...line, title: evil })) };
  const { subject, html, text } = templates.mail(Kind.ORDER_PLACED, { order }, british);

  assert.doesNotMatch(html, /<script/);
  assert.match(html, /&lt;script&gt;/);
  assert.match(html, /\{\{ shop\.url \}\}/);
  assert.doesNotMatch(subject, /[\u0000-\u001f\u2028]/);
  assert.match(text, /<script>/);
  const long = templates.mail(Kind.ORDER_PLACED, { order: { ...order, name: "x".repeat(500) } }, british);
  assert.equal([...long.subject].length, 200);
});

test("a payment that waits for its customer leads to the shop, and to nothing else", () => {
  const parts = (one: Templates) => {
    const { text, html } = one.mail(Kind.PAYMENT_ACTION_REQUIRED, sampleFacts(Kind.PAYMENT_ACTION_REQUIRED), british);
    return { text, links: [...html.matchAll(/href="([^"]*)"/g)].map(([, link]) => link) };
  };
  assert.match(parts(templates).text, /Open your order in the shop, at https:\/\/shop\.example\.com , to confirm it\./);
  assert.deepEqual([...new Set(parts(templates).links)], ["https://shop.example.com"]);
  const nowhere = parts(new Templates(join(ROOT, "templates"), { ...shop, url: "" }));
  assert.match(nowhere.text, /Open your order in the shop to confirm it\./);
  assert.deepEqual(nowhere.links, []);
});

test("an order that was refused says why in its own words, and a reason that nobody knows is no decline", () => {
  const { order } = sampleFacts(Kind.ORDER_REJECTED);
  assert.ok(order);
  const why = (reason: string) => templates.inApp(Kind.ORDER_REJECTED, { order: { ...order, reason } }, british).body;
  assert.equal(why("payment_action_expired"), "Because the payment was not confirmed in time. Nothing was charged.");
  assert.equal(why("payment_declined"), "Because the payment was declined. Nothing was charged.");
  assert.equal(why("a_reason_of_tomorrow"), "Because it could not be completed. Nothing was charged.");
  const { payment } = sampleFacts(Kind.PAYMENT_FAILED);
  assert.ok(payment);
  const failed = templates.inApp(Kind.PAYMENT_FAILED, { payment: { ...payment, decline: "a_reason_of_tomorrow" } }, british).body;
  assert.doesNotMatch(failed, /declined/);
});

test("a template of the customer's language is preferred, and the other stands in for one that is missing", async () => {
  const root = await folder();
  await mkdir(join(root, "order_placed"));
  await writeFile(join(root, "order_placed/subject.liquid"), "Order {{ order.name }}");
  await writeFile(join(root, "order_placed/subject.de.liquid"), "Bestellung {{ order.name }} über {{ order.total | money }}");
  await writeFile(join(root, "order_placed/message.liquid"), "In all {{ order.total | money }}");
  const own = new Templates(root, { name: "S", url: "" });
  const facts = sampleFacts(Kind.ORDER_PLACED);

  assert.deepEqual(own.inApp(Kind.ORDER_PLACED, facts, { time: SAMPLE_TIME, locale: "de-AT" }), {
    title: "Bestellung INV-1042 über £\u00a025,30",
    body: "In all £\u00a025,30",
  });
  assert.equal(own.inApp(Kind.ORDER_PLACED, facts, british).title, "Order INV-1042");
});

test("a template with a wrong name in it fails instead of writing a hole", async () => {
  const root = await folder();
  await mkdir(join(root, "order_placed"));
  await writeFile(join(root, "order_placed/subject.liquid"), "Order {{ order.nmae }}");
  await writeFile(join(root, "order_placed/message.liquid"), "-");
  const own = new Templates(root, { name: "S", url: "" });
  assert.throws(() => own.inApp(Kind.ORDER_PLACED, sampleFacts(Kind.ORDER_PLACED), british));
});

const kept = (key: string, seconds: number, subject = `Number ${key}`) => ({
  key,
  to: `${key}@mailbox.localhost`,
  time: new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)),
  mail: { subject, text: "plain <b>", html: "<p>rich</p><script>alert(1)</script>" },
  raw: Buffer.from(`Subject: ${subject}\r\n\r\n`),
});

test("the mailbox shows the newest first, and renders messages without letting them do anything", async () => {
  const root = await folder();
  const mailbox = new Mailbox(root);
  await Promise.all([mailbox.keep(kept("msg_a", 1)), mailbox.keep(kept("msg_b", 3, '<img src=x onerror="1">')), mailbox.keep(kept("msg_c", 2))]);
  await mailbox.flush();

  const index = await readFile(mailbox.index, "utf8");
  assert.deepEqual([...index.matchAll(/href="(\w+)\.html"/g)].map(([, key]) => key), ["msg_b", "msg_c", "msg_a"]);
  assert.match(index, /Content-Security-Policy" content="default-src &#39;none&#39;/);
  assert.doesNotMatch(index, /<img/);
  const view = await readFile(join(root, "msg_b.html"), "utf8");
  assert.doesNotMatch(view, /<script|<img|<p>rich/);
  assert.match(view, /<iframe sandbox="" title="The message" srcdoc="&lt;p&gt;rich/);
});

test("a repeat overwrites, nothing half-written stays, and another start goes on with the same mailbox", async () => {
  const root = await folder();
  const first = new Mailbox(root);
  await first.keep(kept("msg_a", 1));
  await first.keep(kept("msg_a", 1));
  await first.flush();
  const second = new Mailbox(root);
  await second.keep(kept("msg_b", 2));
  await second.flush();

  const files = (await readdir(root)).sort();
  assert.deepEqual(files, ["index.html", "msg_a.eml", "msg_a.html", "msg_a.json", "msg_b.eml", "msg_b.html", "msg_b.json"]);
  assert.match(await readFile(first.index, "utf8"), /msg_b[\s\S]*msg_a/);
});

test("nobody but the owner reads the mailbox, also one that was open for everybody before", async () => {
  const root = join(await folder(), "mailbox");
  await mkdir(root, { mode: 0o755 });
  await writeFile(join(root, "msg_old.eml"), "Subject: old\r\n", { mode: 0o644 });
  const mailbox = new Mailbox(root);
  await mailbox.keep(kept("msg_a", 1));
  await mailbox.flush();
  assert.equal((await stat(root)).mode & 0o777, 0o700);
  for (const name of await readdir(root)) assert.equal((await stat(join(root, name))).mode & 0o777, 0o600, name);
});

test("a key that is no file name is refused", async () => {
  const mailbox = new Mailbox(await folder());
  for (const key of ["../x", "a/b", "", ".", "a.b", "x".repeat(81)]) await assert.rejects(mailbox.keep(kept(key, 1)), key);
});
