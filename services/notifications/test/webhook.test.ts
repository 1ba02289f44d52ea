/** What a webhook says and how it is signed. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";
import { Webhook } from "standardwebhooks";

import { NotificationChannel as Channel, EventSchema } from "#src/contract.js";
import { keyOf } from "#src/delivery.js";
import { bodyOf, isSubscribed, newSecret, signedHeaders } from "#src/webhook.js";
import { orderPlaced } from "./support.js";

test("a foreign library verifies the signature", () => {
  const secret = newSecret();
  const body = bodyOf(orderPlaced("alice"));
  const headers = signedHeaders("msg_1", new Date(), body, [secret]);

  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const verified = new Webhook(secret).verify(body, headers) as { data: unknown };
  assert.equal((verified.data as { order: { orderId: string } }).order.orderId, "order_01h455vb4pex5vsknk084sn02q");
});

test("a foreign library refuses what was changed, another secret and an old message", () => {
  const secret = newSecret();
  const headers = signedHeaders("msg_1", new Date(), "{}", [secret]);
  const verify = (body: string, changed: object) => () => new Webhook(secret).verify(body, { ...headers, ...changed });

  assert.throws(verify("{ }", {}));
  assert.throws(verify("{}", { "webhook-id": "msg_2" }));
  assert.throws(() => new Webhook(newSecret()).verify("{}", headers));
  const old = signedHeaders("msg_1", new Date(Date.now() - 600_000), "{}", [secret]);
  assert.throws(() => new Webhook(secret).verify("{}", old));
});

test("while a secret is changed over, either of the two verifies", () => {
  const [before, after] = [newSecret(), newSecret()];
  const headers = signedHeaders("msg_1", new Date(), "{}", [after, before]);
  for (const secret of [before, after]) new Webhook(secret).verify("{}", headers);
});

test("the body is the event as CloudEvents writes it, with the contract's JSON", () => {
  const event = orderPlaced("alice", { id: "event_1", orderingKey: "order_1", subject: "order_1", extensions: { traceparent: "00-aa-bb-01", id: "forged" } });
  const body = JSON.parse(bodyOf(event)) as Record<string, unknown>;

  assert.equal(body.specversion, "1.0");
  assert.equal(body.id, "event_1");
  assert.equal(body.source, "/services/orders");
  assert.equal(body.type, "souk.orders.v1.OrderPlaced");
  assert.equal(body.subject, "order_1");
  assert.equal(body.time, "2026-03-01T11:59:58.000Z");
  assert.equal(body.partitionkey, "order_1");
  assert.equal(body.traceparent, "00-aa-bb-01");
  assert.equal(body.datacontenttype, "application/json");
  const order = (body.data as { order: Record<string, unknown> }).order;
  assert.equal(order.state, "ORDER_STATE_PLACED");
  assert.deepEqual(order.total, { currencyCode: "GBP", minorUnits: "2240" });
  assert.equal(bodyOf(event), bodyOf(event));
});

test("an event whose type nobody here knows goes on as the bytes that came", () => {
  const event = create(EventSchema, { id: "1", source: "/services/new", type: "souk.new.v1.Thing", data: new Uint8Array([1, 2, 255]) });
  const body = JSON.parse(bodyOf(event)) as Record<string, unknown>;
  assert.equal(body.data_base64, "AQL/");
  assert.equal(body.datacontenttype, "application/protobuf");
});

test("JSON goes on as JSON", () => {
  const event = create(EventSchema, { id: "1", source: "/x", type: "a.B", dataContentType: "application/json", data: Buffer.from('{"a":1}') });
  assert.deepEqual((JSON.parse(bodyOf(event)) as { data: unknown }).data, { a: 1 });
});

test("the key follows from event, channel and receiver, and from nothing else", () => {
  const event = { source: "/services/orders", id: "event_1" };
  const key = keyOf(event, Channel.WEBHOOK, "webhook_1");
  assert.match(key, /^msg_[0-9a-f]{40}$/);
  assert.equal(keyOf({ ...event }, Channel.WEBHOOK, "webhook_1"), key);
  const others = [
    keyOf({ ...event, id: "event_2" }, Channel.WEBHOOK, "webhook_1"),
    keyOf({ ...event, source: "/services/payments" }, Channel.WEBHOOK, "webhook_1"),
    keyOf(event, Channel.EMAIL, "webhook_1"),
    keyOf(event, Channel.WEBHOOK, "webhook_2"),
    keyOf(event, Channel.WEBHOOK, "webhook_", "1"),
  ];
  assert.equal(new Set([key, ...others]).size, 6);
});

test("an endpoint names full types and whole packages", () => {
  assert.ok(isSubscribed(["souk.orders.v1.OrderPlaced"], "souk.orders.v1.OrderPlaced"));
  assert.ok(isSubscribed(["souk.orders.v1.*"], "souk.orders.v1.OrderPaid"));
  assert.ok(isSubscribed(["a.b", "souk.*"], "souk.catalog.v1.PriceCreated"));
  assert.ok(!isSubscribed(["souk.orders.v1.*"], "souk.orders.v10.OrderPaid"));
  assert.ok(!isSubscribed(["souk.orders.v1.OrderPlaced"], "souk.orders.v1.OrderPlacedTwice"));
  assert.ok(!isSubscribed([], "souk.orders.v1.OrderPlaced"));
});
