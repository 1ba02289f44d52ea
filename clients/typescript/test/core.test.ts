/** The core, against a shop that follows a script. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";

import { ErrorInfoSchema, RetryInfoSchema, BadRequestSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { CatalogService } from "../src/gen/souk/catalog/v1/catalog_service_pb.js";
import { LedgerService } from "../src/gen/souk/ledger/v1/ledger_service_pb.js";
import { OrderService } from "../src/gen/souk/orders/v1/order_service_pb.js";
import { connect, type ConnectOptions, customerOf, developmentToken, items, policyOf, Retry, SoukError, watch } from "../src/index.js";
import { pauseAfter } from "../src/retry.js";

type Orders = Parameters<Parameters<typeof createRouterTransport>[0]>[0];

function shop(routes: (router: Orders) => void, options: ConnectOptions = { as: "user:alice" }) {
  return connect("127.0.0.1:1", { ...options, transport: createRouterTransport(routes) });
}

function unavailable(): ConnectError {
  return new ConnectError("away", Code.Unavailable);
}

test("a token is what every other part of Souk makes of the same caller", () => {
  const file = new URL("../../../../tests/clients/token_cases.csv", import.meta.url);
  const [, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  assert.ok(lines.length > 5);
  for (const line of lines) {
    const [who = "", expires = "", scopes = "", customer = "", token = ""] = line.split(";");
    const until = expires === "" ? undefined : new Date(Number(expires) * 1000 + 999);
    assert.equal(developmentToken(who, undefined, scopes === "" ? [] : scopes.split(" "), until), token, line);
    if (customer !== "") assert.equal(customerOf(who), customer);
  }
  assert.notEqual(developmentToken("user:alice", "other"), developmentToken("user:alice"));
});

test("deadlines and safety to repeat come from the contract", () => {
  assert.deepEqual(policyOf(OrderService.method.placeOrder), { timeoutMs: 15_000, isRepeatable: true });
  assert.deepEqual(policyOf(OrderService.method.watchOrder), { timeoutMs: undefined, isRepeatable: false });
  assert.deepEqual(policyOf(OrderService.method.getOrder), { timeoutMs: 2_000, isRepeatable: true });
});

test("whether to repeat comes from the contract", () => {
  const told = (domain: string, reason: string) =>
    SoukError.from(new ConnectError("", Code.Unknown, undefined, [{ desc: ErrorInfoSchema, value: { domain, reason } }])).retry;
  assert.equal(told("souk.orders", "ERROR_REASON_OUT_OF_STOCK"), Retry.NEVER);
  assert.equal(told("souk.orders", "ERROR_REASON_ORDER_BUSY"), Retry.BACKOFF);
  assert.equal(told("souk.policy", "ERROR_REASON_OVERLOADED"), Retry.BACKOFF);
  // Its domain is the package of the request.
  assert.equal(told("souk.orders", "ERROR_REASON_INVALID_FIELD"), Retry.NEVER);
  assert.equal(told("souk.nothing", "ERROR_REASON_X"), Retry.UNKNOWN);
  assert.equal(SoukError.from(unavailable()).retry, Retry.UNKNOWN);
});

test("the caller's token goes with each call", async () => {
  let seen: string | null = null;
  const routes = (router: Orders) =>
    router.rpc(OrderService.method.getOrder, (_request, context) => {
      seen = context.requestHeader.get("authorization");
      return {};
    });
  for (const [options, token] of [
    [{ as: "user:alice" }, developmentToken("user:alice")],
    [{ as: "staff:ann", scopes: ["orders.read"] }, developmentToken("staff:ann", undefined, ["orders.read"])],
    [{ token: "a token", scopes: ["orders.read"] }, "a token"],
  ] as const) {
    await createClient(OrderService, shop(routes, options)).getOrder({ orderId: "order_1" });
    assert.equal(seen, `Bearer ${token}`);
  }
});

test("a shop that is away is asked three times, and then the failure is told", async () => {
  let calls = 0;
  const transport = shop((router) =>
    router.rpc(OrderService.method.getOrder, () => {
      calls++;
      throw unavailable();
    }),
  );
  const failure = createClient(OrderService, transport).getOrder({ orderId: "order_1" });
  await assert.rejects(failure, (error: SoukError) => error instanceof SoukError && error.code === Code.Unavailable);
  assert.equal(calls, 3);
});

test("a refusal is not sent again and tells its reason, its facts and its fields", async () => {
  let calls = 0;
  const transport = shop((router) =>
    router.rpc(OrderService.method.placeOrder, () => {
      calls++;
      throw new ConnectError("too few", Code.FailedPrecondition, undefined, [
        { desc: ErrorInfoSchema, value: { reason: "ERROR_REASON_OUT_OF_STOCK", domain: "souk.orders", metadata: { sku: "TEA" } } },
        { desc: RetryInfoSchema, value: { retryDelay: { seconds: 2n, nanos: 500_000_000 } } },
        { desc: BadRequestSchema, value: { fieldViolations: [{ field: "lines[0].quantity", description: "must be less" }] } },
      ]);
    }),
  );
  const error = await createClient(OrderService, transport).placeOrder({}).catch((reason: unknown) => reason);
  assert.ok(error instanceof SoukError);
  assert.deepEqual(
    [error.code, error.reason, error.domain, error.metadata, error.retryAfterMs, error.violations],
    [
      Code.FailedPrecondition,
      "ERROR_REASON_OUT_OF_STOCK",
      "souk.orders",
      { sku: "TEA" },
      2500,
      [{ field: "lines[0].quantity", description: "must be less" }],
    ],
  );
  assert.equal(calls, 1);
});

test("a method that the contract does not call repeatable is sent once", () => {
  const repeatable = [...OrderService.methods, ...CatalogService.methods, ...LedgerService.methods].filter(
    (method) => policyOf(method).isRepeatable,
  );
  assert.ok(repeatable.every((method) => method.methodKind === "unary" && method.idempotency !== undefined));
});

test("pauses double, are spread, obey the server and never outlast the deadline", () => {
  const error = SoukError.from(unavailable());
  assert.equal(pauseAfter(error, 1, 1000, 1), 25);
  assert.equal(pauseAfter(error, 2, 1000, 1), 50);
  assert.equal(pauseAfter(error, 3, 1000, 1), undefined);
  assert.equal(pauseAfter(error, 1, 20, 1), undefined);
  const told = (value: string) => SoukError.from(new ConnectError("away", Code.Unavailable, { "grpc-retry-pushback-ms": value }));
  assert.equal(pauseAfter(told("300"), 1, 1000, 1), 300);
  assert.equal(pauseAfter(told("-1"), 1, 1000, 1), undefined);
  const retry = { desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay: { seconds: 0n, nanos: 70_000_000 } }) };
  assert.equal(pauseAfter(SoukError.from(new ConnectError("", Code.Unavailable, undefined, [retry])), 1, 1000, 1), 70);
});

test("items of all pages are read one after another", async () => {
  const transport = shop((router) =>
    router.rpc(OrderService.method.listOrders, ({ pageToken }) => {
      const number = pageToken === "" ? 0 : Number(pageToken);
      return { orders: [{ orderId: `order_${number}` }], nextPageToken: number === 2 ? "" : String(number + 1) };
    }),
  );
  const orders = createClient(OrderService, transport);
  const ids: string[] = [];
  for await (const order of items((pageToken) => orders.listOrders({ pageToken }), (page) => page.orders)) ids.push(order.orderId);
  assert.deepEqual(ids, ["order_0", "order_1", "order_2"]);
});

test("a watched stream that breaks goes on where it was", async () => {
  const opened: string[] = [];
  const transport = shop((router) =>
    router.rpc(OrderService.method.watchOrder, async function* ({ resumeToken }) {
      opened.push(resumeToken);
      const from = resumeToken === "" ? 0 : Number(resumeToken);
      yield { resumeToken: String(from + 1), change: { version: BigInt(from + 1) } };
      if (from < 2) throw unavailable();
    }),
  );
  const orders = createClient(OrderService, transport);
  const versions: bigint[] = [];
  for await (const { change } of watch(orders.watchOrder, { orderId: "order_1" })) {
    versions.push(change?.version ?? 0n);
  }
  assert.deepEqual([versions, opened], [[1n, 2n, 3n], ["", "1", "2"]]);
});

test("a watched stream that is refused throws", async () => {
  const transport = shop((router) =>
    router.rpc(OrderService.method.watchOrder, async function* () {
      throw new ConnectError("no such order", Code.NotFound);
    }),
  );
  const orders = createClient(OrderService, transport);
  const reading = (async () => {
    for await (const _ of watch(orders.watchOrder, { orderId: "order_1" }));
  })();
  await assert.rejects(reading, (error: SoukError) => error.code === Code.NotFound);
});
