/** Every method over real gRPC, through the chassis, in a process of its own. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { create } from "@bufbuild/protobuf";
import { TimestampSchema, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { Caller } from "@souk/chassis";
import { customerOf } from "@souk/client";

import { NotificationChannel as Channel, EventSchema, NotificationKind as Kind, WebhookEndpointDisableReason as Why, WebhookEndpointState as State, NotificationDeliveryState as DeliveryState } from "#src/contract.js";
import { bus } from "./bus.js";
import { startProcess } from "./process.js";
import { ALICE, BOB, ROOT, eventually, guestClaimed, orderPlaced } from "./support.js";

const alice = Caller.user("alice");
const CONTACT = "contact@example.org";
const erp = Caller.service("erp");
const staff = Caller.staff("ann");

/** Checks that a call is refused with this code and reason. */
async function refused(call: Promise<unknown>, code: Code, reason: string): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof ConnectError);
    assert.deepEqual([Code[error.code], reasonOf(error)], [Code[code], `ERROR_REASON_${reason}`]);
    return true;
  });
}

/** The reason is the first field of google.rpc.ErrorInfo: a tag, a length below 128, and the text. */
function reasonOf(error: ConnectError): string {
  const info = error.details.find((one) => "type" in one && one.type === "google.rpc.ErrorInfo");
  const bytes = info !== undefined && "value" in info ? (info.value as Uint8Array) : new Uint8Array();
  return Buffer.from(bytes.subarray(2, 2 + (bytes[1] ?? 0))).toString();
}

test("the methods keep what the contract promises", { timeout: 60_000 }, async (t) => {
  const events = await bus(t, CONTACT);
  const service = await startProcess(t, { "upstreams.events": events.url, "upstreams.orders": events.url, "shop.order_link": "https://shop.example/o?t={token}" });
  const user = service.client(alice);
  const shop = service.client(erp);
  const ann = service.client(staff);
  const placed = (customer: string) => events.publish(orderPlaced(customer, { time: timestampFromDate(new Date()) }));

  await t.test("who may call is decided by the contract", async () => {
    await refused(service.client(Caller.ANONYMOUS).getNotificationPreferences({}), Code.Unauthenticated, "UNAUTHENTICATED");
    await refused(user.listWebhookEndpoints({}), Code.PermissionDenied, "ACCESS_DENIED");
    const reader = service.client(staff, ["notifications.read"]);
    await refused(reader.updateNotificationPreferences({ preferences: { customerId: BOB, locale: "de-DE" }, updateMask: { paths: ["locale"] } }), Code.PermissionDenied, "ACCESS_DENIED");
    assert.equal((await reader.getNotificationPreferences({ customerId: BOB })).preferences?.customerId, BOB);
    await refused(service.client(erp, ["notifications.read"]).listWebhookEndpoints({}), Code.PermissionDenied, "ACCESS_DENIED");
    assert.equal((await user.getNotificationPreferences({ customerId: "me" })).preferences?.customerId, ALICE);
    await refused(user.getNotificationPreferences({ customerId: BOB }), Code.PermissionDenied, "OTHER_CUSTOMER");
    await refused(ann.getNotificationPreferences({}), Code.InvalidArgument, "INVALID_FIELD");
  });

  await t.test("fields are checked by the contract, and a bad address is not repeated", async () => {
    const bad = user.updateNotificationPreferences({ updateMask: { paths: ["email_address"] }, preferences: { emailAddress: "alice@example.org\r\nBcc: x@y.z" } });
    await refused(bad, Code.InvalidArgument, "INVALID_FIELD");
    await refused(user.updateNotificationPreferences({}), Code.InvalidArgument, "INVALID_FIELD");
    for (const paths of [[], ["etag"]]) {
      await refused(user.updateNotificationPreferences({ preferences: {}, updateMask: { paths } }), Code.InvalidArgument, "INVALID_FIELD");
    }
    const endpoint = { url: "https://hooks.example.com/souk", eventTypes: ["a.b"] };
    for (const bad of [{ ...endpoint, url: "javascript:x" }, { ...endpoint, url: "" }, { ...endpoint, eventTypes: [] }]) {
      await refused(shop.createWebhookEndpoint({ requestId: "1", endpoint: bad }), Code.InvalidArgument, "INVALID_FIELD");
    }
    await refused(user.listInAppMessages({ pageToken: "forged" }), Code.InvalidArgument, "INVALID_PAGE_TOKEN");
  });

  await t.test("preferences change by mask and etag, and a repeat changes nothing", async () => {
    const first = (await user.getNotificationPreferences({})).preferences;
    assert.deepEqual([first?.customerId, first?.emailAddress, first?.defaultChannels], [ALICE, "", [Channel.IN_APP, Channel.EMAIL]]);
    await refused(user.updateNotificationPreferences({ updateMask: { paths: ["email_address.x"] }, preferences: {} }), Code.InvalidArgument, "INVALID_FIELD");
    for (const emailAddress of ["a..b@example.com", "a@-example.com"]) {
      await refused(user.updateNotificationPreferences({ updateMask: { paths: ["email_address"] }, preferences: { emailAddress } }), Code.InvalidArgument, "INVALID_FIELD");
    }
    const wanted = { etag: first?.etag ?? "", emailAddress: "secret.alice@example.org", locale: "de-de", kinds: [{ kind: Kind.ORDER_PAID, channels: [] }] };
    const change = { updateMask: { paths: ["email_address", "locale", "kinds"] }, preferences: wanted };
    const second = (await user.updateNotificationPreferences(change)).preferences;
    assert.deepEqual([second?.locale, second?.kinds.length], ["de-DE", 1]);
    assert.equal((await user.updateNotificationPreferences(change)).preferences?.etag, second?.etag);
    await refused(user.updateNotificationPreferences({ ...change, preferences: { ...wanted, locale: "fr" } }), Code.Aborted, "ETAG_MISMATCH");
    await refused(user.updateNotificationPreferences({ updateMask: { paths: ["locale"] }, preferences: { locale: "en-a1" } }), Code.InvalidArgument, "INVALID_FIELD");
    const seen = (await ann.getNotificationPreferences({ customerId: ALICE })).preferences;
    assert.deepEqual([seen?.emailAddress, seen?.emailAddressConfirmed], ["secret.alice@example.org", false]);
  });

  await t.test("an address is confirmed with the code that lies in the mailbox", async () => {
    const mailbox = join(service.dataDir, "mailbox");
    const code = await eventually(async () => {
      const names = await readdir(mailbox).catch(() => []);
      const letters = await Promise.all(names.filter((name) => name.endsWith(".eml")).map((name) => readFile(join(mailbox, name), "utf8")));
      return /Your code is ([0-9A-Z-]{14})/.exec(letters.join(""))?.[1];
    }, "the code");
    await refused(user.confirmEmailAddress({ code: "0000-0000-0000" }), Code.InvalidArgument, "CODE_REFUSED");
    await refused(service.client(Caller.user("bob")).confirmEmailAddress({ code }), Code.InvalidArgument, "CODE_REFUSED");
    const confirmed = (await user.confirmEmailAddress({ code: code.toLowerCase().replaceAll("-", " ") })).preferences;
    assert.equal(confirmed?.emailAddressConfirmed, true);
    assert.equal((await user.confirmEmailAddress({ code })).preferences?.etag, confirmed?.etag);
  });

  await t.test("messages come on the stream, go on after the token, are listed and marked", async () => {
    const controller = new AbortController();
    const stream = user.watchInAppMessages({}, { signal: controller.signal })[Symbol.asyncIterator]();
    const waiting = stream.next();
    placed("alice");
    placed("bob");
    const one = (await waiting).value;
    assert.equal(one?.message?.title, "Your order INV-1042 is placed");
    assert.match(one?.message?.body ?? "", /22,40/);
    controller.abort();
    await assert.rejects(stream.next());

    placed("alice");
    const resumed = user.watchInAppMessages({ resumeToken: one?.resumeToken ?? "" })[Symbol.asyncIterator]();
    assert.equal((await resumed.next()).value?.message?.sequence, 2n);
    await resumed.return?.();
    const other = service.client(Caller.user("bob")).watchInAppMessages({ resumeToken: one?.resumeToken ?? "" });
    await refused(other[Symbol.asyncIterator]().next(), Code.InvalidArgument, "INVALID_PAGE_TOKEN");

    const page = await user.listInAppMessages({ pageSize: 1 });
    assert.deepEqual([page.messages.map(({ sequence }) => sequence), page.unreadCount], [[2n], 2]);
    const next = await user.listInAppMessages({ pageSize: 1, pageToken: page.nextPageToken });
    assert.deepEqual([next.messages.map(({ sequence }) => sequence), next.nextPageToken], [[1n], ""]);
    assert.equal((await user.markInAppMessagesRead({ messageIds: [page.messages[0]?.messageId ?? ""] })).unreadCount, 1);
    assert.equal((await user.markInAppMessagesRead({ upToSequence: 99n })).unreadCount, 0);
    assert.equal((await user.listInAppMessages({ unreadOnly: true })).messages.length, 0);
  });

  await t.test("an endpoint shows its secret once, and is seen by its owner and staff", async () => {
    const endpoint = { url: "https://hooks.example.com/souk", eventTypes: ["souk.orders.v1.*"], description: "erp" };
    const request = { requestId: "create-1", endpoint };
    const made = await shop.createWebhookEndpoint(request);
    const id = made.endpoint?.endpointId ?? "";
    assert.match(made.secret, /^whsec_/);
    assert.equal((await shop.createWebhookEndpoint(request)).secret, made.secret);
    await refused(shop.createWebhookEndpoint({ ...request, endpoint: { ...endpoint, description: "other" } }), Code.FailedPrecondition, "REQUEST_ID_REUSED");
    await refused(shop.createWebhookEndpoint({ requestId: "2", endpoint: { ...endpoint, url: "https://127.1/" } }), Code.InvalidArgument, "TARGET_REFUSED");
    await refused(shop.createWebhookEndpoint({ requestId: "2", endpoint: { ...endpoint, url: "https://example.com:22" } }), Code.InvalidArgument, "TARGET_REFUSED");
    await refused(service.client(Caller.service("other")).getWebhookEndpoint({ endpointId: id }), Code.NotFound, "ENDPOINT_NOT_FOUND");
    assert.equal((await ann.getWebhookEndpoint({ endpointId: id })).endpoint?.owner, "service:erp");
    const seen = async (client: typeof ann, owner = "") => (await client.listWebhookEndpoints({ owner })).endpoints.length;
    assert.deepEqual([await seen(ann), await seen(ann, "service:erp"), await seen(ann, "service:other")], [1, 1, 0]);
    assert.deepEqual([await seen(shop, "service:erp"), await seen(shop, "service:other")], [1, 0]);

    const rotated = await shop.rotateWebhookSecret({ endpointId: id, requestId: "rotate-1" });
    assert.notEqual(rotated.secret, made.secret);
    assert.ok(rotated.endpoint?.previousSecretExpireTime);
    assert.equal((await shop.rotateWebhookSecret({ endpointId: id, requestId: "rotate-1" })).secret, rotated.secret);

    // What the server sets is ignored: an endpoint that was read can be sent back.
    const wanted = { ...rotated.endpoint, endpointId: id, description: "mended", state: State.DISABLED, owner: "service:other" };
    const change = { endpoint: wanted, updateMask: { paths: ["*"] } };
    const changed = (await shop.updateWebhookEndpoint(change)).endpoint;
    assert.deepEqual([changed?.state, changed?.description, changed?.owner], [State.ENABLED, "mended", "service:erp"]);
    assert.equal((await shop.updateWebhookEndpoint(change)).endpoint?.etag, changed?.etag);
    await refused(shop.updateWebhookEndpoint({ ...change, endpoint: { ...wanted, description: "other" } }), Code.Aborted, "ETAG_MISMATCH");
    for (const paths of [["url"], ["event_types"], []]) {
      await refused(shop.updateWebhookEndpoint({ endpoint: { endpointId: id }, updateMask: { paths } }), Code.InvalidArgument, "INVALID_FIELD");
    }
    await refused(shop.updateWebhookEndpoint({ endpoint: {}, updateMask: { paths: ["description"] } }), Code.InvalidArgument, "INVALID_FIELD");

    const disabled = (await shop.disableWebhookEndpoint({ endpointId: id })).endpoint;
    assert.deepEqual([disabled?.state, disabled?.disableReason], [State.DISABLED, Why.REQUESTED]);
    assert.equal((await shop.disableWebhookEndpoint({ endpointId: id })).endpoint?.etag, disabled?.etag);
    await refused(service.client(Caller.service("other")).enableWebhookEndpoint({ endpointId: id }), Code.NotFound, "ENDPOINT_NOT_FOUND");
    const enabled = (await shop.enableWebhookEndpoint({ endpointId: id })).endpoint;
    assert.deepEqual([enabled?.state, enabled?.disableReason], [State.ENABLED, Why.UNSPECIFIED]);
    assert.equal((await shop.enableWebhookEndpoint({ endpointId: id })).endpoint?.etag, enabled?.etag);

    await service.client(Caller.service("other")).deleteWebhookEndpoint({ endpointId: id });
    assert.equal((await shop.listWebhookEndpoints({})).endpoints.length, 1);
    await shop.deleteWebhookEndpoint({ endpointId: id });
    await shop.deleteWebhookEndpoint({ endpointId: id });
    await refused(shop.getWebhookEndpoint({ endpointId: id }), Code.NotFound, "ENDPOINT_NOT_FOUND");
  });

  await t.test("deliveries are listed, and a service sees those of its own endpoints only", async () => {
    const found = await eventually(async () => {
      const { deliveries } = await ann.listNotificationDeliveries({ customerId: ALICE, states: [DeliveryState.DELIVERED] });
      return deliveries.length === 3 && deliveries;
    }, "the e-mails to alice");
    const newest = found.slice(0, 2);
    assert.ok(newest.every(({ channel, kind, attemptCount }) => channel === Channel.EMAIL && kind === Kind.ORDER_PLACED && attemptCount === 1));
    assert.deepEqual((await shop.listNotificationDeliveries({})).deliveries, []);
    assert.deepEqual((await ann.listNotificationDeliveries({ states: [DeliveryState.DEAD] })).deliveries, []);
    assert.equal((await ann.requeueNotificationDeliveries({})).requeuedCount, 0);
    assert.equal((await ann.dropNotificationDeliveries({})).droppedCount, 0);

    const ids = async (request: Parameters<typeof ann.listNotificationDeliveries>[0]) => {
      const all: string[] = [];
      for (let pageToken: string | undefined = ""; pageToken !== undefined; ) {
        const page: Awaited<ReturnType<typeof ann.listNotificationDeliveries>> = await ann.listNotificationDeliveries({ customerId: ALICE, pageSize: 1, ...request, pageToken });
        all.push(...page.deliveries.map(({ deliveryId }) => deliveryId));
        pageToken = page.nextPageToken || undefined;
      }
      return all;
    };
    const newestFirst = found.map(({ deliveryId }) => deliveryId);
    const [last, , first] = found;
    assert.ok(last?.createTime && first?.createTime);
    assert.deepEqual(await ids({}), newestFirst);
    assert.deepEqual(await ids({ orderBy: "create_time" }), [...newestFirst].reverse());
    assert.deepEqual(await ids({ states: [DeliveryState.PENDING, DeliveryState.DELIVERED] }), newestFirst);
    assert.deepEqual(await ids({ eventId: last.eventId }), [last.deliveryId]);
    assert.deepEqual(await ids({ createTimeAfter: first.createTime }), newestFirst);
    assert.deepEqual(await ids({ createTimeBefore: first.createTime }), []);
    assert.ok(!(await ids({ createTimeBefore: last.createTime })).includes(last.deliveryId));
    const never = create(TimestampSchema, { seconds: 253402300800n });
    await refused(ann.listNotificationDeliveries({ createTimeAfter: never }), Code.InvalidArgument, "INVALID_FIELD");
    await refused(ann.listNotificationDeliveries({ orderBy: "kind" }), Code.InvalidArgument, "INVALID_FIELD");
  });

  await t.test("a preview shows a kind with sample data, over gRPC and as a command", async () => {
    const shown = await ann.previewNotificationTemplate({ kind: Kind.ORDER_REFUNDED, locale: "en-GB" });
    assert.match(shown.title, /^£9\.90 of order INV-1042/);
    assert.match(shown.html, /<!doctype html>/);
    await refused(ann.previewNotificationTemplate({ kind: Kind.ORDER_REFUNDED, channel: Channel.WEBHOOK }), Code.InvalidArgument, "INVALID_FIELD");
    await refused(ann.previewNotificationTemplate({}), Code.InvalidArgument, "INVALID_FIELD");
    const command = await promisify(execFile)(process.execPath, ["dist/main.js", "preview", "order_refunded"], { cwd: ROOT });
    assert.match(command.stdout, /^Subject: £9\.90 of order INV-1042/);
    await assert.rejects(promisify(execFile)(process.execPath, ["dist/main.js", "preview", "nothing"], { cwd: ROOT }), { code: 64 });
  });

  await t.test("an event that cannot be read is refused and holds up nothing", async () => {
    events.publish({ ...orderPlaced("alice"), id: "broken", data: new Uint8Array([255, 255]) });
    placed("carol");
    await eventually(async () => (await ann.listInAppMessages({ customerId: customerOf("user:carol") })).messages.length === 1, "carol's message");
    await eventually(() => events.refused.length > 0, "the refusal");
    events.publish({ ...orderPlaced("alice"), id: "year 58880", time: create(TimestampSchema, { seconds: 1_796_000_000_000n }) });
    await eventually(() => events.refused.some((reason) => /its time is invalid: it must lie in the years 1 to 9999/.test(reason)) || events.acknowledged.has("year 58880"), "its end");
  });

  await t.test("a guest is a customer, has mail at the address of its order with a link that opens it, and is claimed", async () => {
    const guest = service.client(Caller.guest("x"));
    const id = customerOf("guest:x");
    placed(id);
    const [first] = await eventually(async () => {
      const { messages } = await guest.listInAppMessages({ customerId: "me" });
      return messages.length === 1 && messages;
    }, "the guest's message");
    assert.equal(first?.customerId, id);
    await refused(guest.listInAppMessages({ customerId: ALICE }), Code.PermissionDenied, "OTHER_CUSTOMER");
    const letter = await eventually(async () => {
      const folder = join(service.dataDir, "mailbox");
      const names = (await readdir(folder)).filter((name) => name.endsWith(".eml"));
      const letters = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
      return letters.find((one) => one.includes(`To: ${CONTACT}`));
    }, "the guest's mail");
    assert.ok(letter.replaceAll("=\r\n", "").replaceAll("=3D", "=").includes("https://shop.example/o?t=link-of-order_01h455vb4pex5vsknk084sn02q-2592000"));

    events.publish(guestClaimed(id, customerOf("user:carol"), { time: timestampFromDate(new Date()) }));
    const carol = service.client(Caller.user("carol"));
    await eventually(async () => (await carol.listInAppMessages({})).messages[0]?.messageId === first?.messageId, "the guest's message for carol");
    assert.deepEqual((await guest.listInAppMessages({})).messages, []);
  });

  await t.test("an event of another source than the owner of its type notifies nobody", async () => {
    const time = timestampFromDate(new Date());
    events.publish(orderPlaced("dave", { id: "forged", source: "/services/recommendations", time }));
    await eventually(() => events.acknowledged.has("forged"), "the end of the forged event");
    placed("dave");
    await eventually(async () => (await ann.listInAppMessages({ customerId: customerOf("user:dave") })).messages.length > 0, "dave's message");
    assert.equal((await ann.listInAppMessages({ customerId: customerOf("user:dave") })).messages.length, 1);
    assert.deepEqual((await ann.listNotificationDeliveries({ eventId: "forged" })).deliveries, []);
  });

  await t.test("a bus that delivers nothing, or an event of nothing, stops nothing", async () => {
    events.publish(create(EventSchema, { id: "empty" }));
    events.publish(create(EventSchema, { id: "typeless", source: "/services/orders", type: "souk.orders.v1.OrderPlaced" }));
    placed("erin");
    await eventually(async () => (await ann.listInAppMessages({ customerId: customerOf("user:erin") })).messages.length === 1, "erin's message");
  });

  await t.test("metrics count, the audit finds all well, and the process ends cleanly", async () => {
    assert.deepEqual(await service.findings(), []);
    const metrics = await (await fetch(service.metrics())).text();
    assert.match(metrics, /souk_notifications_attempts_total\{channel="email",outcome="delivered"\} [1-9]/);
    assert.equal(await service.stop(), 0);
  });

  await t.test("neither an address nor a secret is in the log", () => {
    assert.ok(service.log().length > 100);
    assert.doesNotMatch(service.log(), /example\.org|mailbox\.localhost|whsec_|Bcc/);
  });
});

test("a setting that cannot be ends the start with 64 and one line", async () => {
  const start = promisify(execFile)(process.execPath, ["dist/main.js"], { cwd: ROOT, env: { ...process.env, NOTIFICATIONS__RETRY__ATTEMPTS: "0" } });
  await assert.rejects(start, (error: Error & { code?: number; stderr?: string }) => {
    assert.equal(error.code, 64);
    assert.match(error.stderr ?? "", /retry\.attempts/);
    assert.equal((error.stderr ?? "").trim().split("\n").length, 1);
    return true;
  });
});
