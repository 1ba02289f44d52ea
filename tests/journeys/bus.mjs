// A customer with the TypeScript client, a mailbox, and a receiver of webhooks: buys, and says what was heard of it.
//
// Takes SHOP, NOTIFICATIONS and RECOMMENDATIONS (addresses), MAILBOX (a folder) and ORDERS (how many to place); prints
// `heard` once the receiver listens to the first order, `ordered N` as orders are placed, and at the end one line of JSON.
// What is judged is in bus.rs.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";

import { Code, createClient } from "@connectrpc/connect";
import { connect, items, SoukError } from "@souk/client";
import { InventoryService } from "@souk/client/gen/souk/inventory/v1/inventory_service_pb.js";
import { NotificationKind } from "@souk/client/gen/souk/notifications/v1/notification_pb.js";
import { NotificationService } from "@souk/client/gen/souk/notifications/v1/notification_service_pb.js";
import { InvariantService } from "@souk/client/gen/souk/ops/v1/invariant_service_pb.js";
import { OrderService } from "@souk/client/gen/souk/orders/v1/order_service_pb.js";
import { RecommendationService } from "@souk/client/gen/souk/recommendations/v1/recommendation_service_pb.js";
import { Webhook } from "standardwebhooks";

const { SHOP, NOTIFICATIONS, RECOMMENDATIONS, MAILBOX, ORDERS } = process.env;
const LIMIT_MS = 180_000;
const CUSTOMERS = 4;
const FINAL = new Set([Code.FailedPrecondition, Code.InvalidArgument, Code.PermissionDenied, Code.Unauthenticated]);

const orders = createClient(OrderService, connect(SHOP, { as: "user:alice" }));
const messages = createClient(NotificationService, connect(NOTIFICATIONS, { as: "user:alice" }));
const webhooks = createClient(NotificationService, connect(NOTIFICATIONS, { as: "service:erp", scopes: ["notifications.webhooks"] }));
const recommendations = createClient(RecommendationService, connect(RECOMMENDATIONS, { as: "user:alice" }));
const audits = createClient(InvariantService, connect(RECOMMENDATIONS, { as: "staff:ada", scopes: ["ops.audit"] }));

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Tries until it succeeds: services of other languages start when they are ready, and are killed by the test. */
async function surely(what, attempt) {
  const until = Date.now() + LIMIT_MS;
  for (;;) {
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      if (!(error instanceof SoukError) || FINAL.has(error.code)) throw error;
      if (Date.now() > until) throw new Error(`${what}: ${error.message}`);
    }
    if (Date.now() > until) throw new Error(`waited in vain: ${what}`);
    await pause(50);
  }
}

// The receiver believes only what is signed, and knows a webhook that comes twice by its id.
const received = new Map();
let repeats = 0;
let forged = 0;
let verifier;
const receiver = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString("utf8");
    try {
      verifier.verify(body, request.headers);
    } catch {
      forged++;
      response.writeHead(401).end();
      return;
    }
    const id = request.headers["webhook-id"];
    if (received.has(id)) repeats++;
    received.set(id, JSON.parse(body));
    response.writeHead(204).end();
  });
});
await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${receiver.address().port}/hooks`;
const endpoint = await surely("a webhook endpoint", () =>
  webhooks.createWebhookEndpoint({ requestId: "journey", endpoint: { url, eventTypes: ["souk.orders.v1.OrderPlaced"] } }),
);
verifier = new Webhook(endpoint.secret);

const recommended = async () => {
  const { list } = await recommendations.listRecommendations({});
  return JSON.stringify(list.items.map(({ sku, reason }) => [sku, reason?.kind, reason?.becauseOfSku]));
};
const stock = createClient(InventoryService, connect(SHOP, { as: "staff:ada", scopes: ["inventory.write"] }));
await stock.receiveStock({ requestId: "journey", items: [{ sku: "TEA-MINT-100", quantity: Number(ORDERS) }] });
const before = await surely("a recommendation", recommended);
console.log("heard");

// Orders are placed throughout, whatever dies; what is asked twice is placed once.
const placed = [];
// The number is what mail calls an order.
const numbers = [];
let next = 0;
await Promise.all(
  Array.from({ length: CUSTOMERS }, async () => {
    while (next < Number(ORDERS)) {
      const number = next++;
      const { order } = await surely("an order", () =>
        orders.placeOrder({
          requestId: `journey-${number}`,
          currencyCode: "GBP",
          paymentMethod: "tok_approved",
          lines: [{ item: { case: "sku", value: "TEA-MINT-100" }, quantity: 1 }],
        }),
      );
      placed.push(order.orderId);
      numbers.push(order.orderNumber);
      if (placed.length % 25 === 0) console.log(`ordered ${placed.length}`);
    }
  }),
);

const told = () => new Set([...received.values()].map((event) => event.subject));
await surely("a webhook of every order", () => (told().size >= placed.length ? true : undefined));
const inShop = await surely("a message of every order", async () => {
  const list = (pageToken) => messages.listInAppMessages({ pageSize: 1000, pageToken });
  const subjects = [];
  for await (const message of items(list, (page) => page.messages)) {
    if (message.kind === NotificationKind.ORDER_PLACED) subjects.push(message.subject);
  }
  return subjects.length >= placed.length ? subjects : undefined;
});
// Each mail is read once, since the mailbox is looked into many times.
const read = new Set();
const confirmed = new Set();
const mailed = await surely("a confirmation of every order in the mailbox", () => {
  for (const name of existsSync(MAILBOX) ? readdirSync(MAILBOX, { recursive: true }) : []) {
    if (!name.endsWith(".eml") || read.has(name)) continue;
    const mail = readFileSync(`${MAILBOX}/${name}`, "utf8").replace(/=\r?\n/g, "");
    for (const [, number] of mail.matchAll(/order (\S+) is placed/g)) confirmed.add(number);
    read.add(name);
  }
  const found = numbers.filter((number) => confirmed.has(number));
  return found.length === placed.length ? found.length : undefined;
});
const counted = await surely("every order known to recommendations", async () => {
  const { reports } = await audits.checkInvariants({ service: "recommendations" });
  const { counts, findings } = reports[0];
  const known = Number(counts.find(({ what }) => what === "orders")?.count ?? 0n);
  return known >= placed.length ? { known, findings: findings.length } : undefined;
});
const after = await surely("another recommendation", async () => {
  const now = await recommended();
  return now === before ? undefined : now;
});

const webhookSubjects = [...received.values()].map((event) => event.subject);
console.log(
  JSON.stringify({
    placed: new Set(placed).size,
    webhooks: webhookSubjects.length,
    webhookOrders: new Set(webhookSubjects).size,
    repeats,
    forged,
    messages: inShop.length,
    messageOrders: new Set(inShop).size,
    mailed,
    known: counted.known,
    findings: counted.findings,
    before,
    after,
  }),
);
process.exit(0);
