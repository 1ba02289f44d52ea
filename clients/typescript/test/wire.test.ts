/** The core over real connections: deadlines, breaks, TLS, and calls that are given up. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createSecureServer, createServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { Code, ConnectError, type ConnectRouter, createClient, type HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

import { OrderService } from "../src/gen/souk/orders/v1/order_service_pb.js";
import { connect, type ConnectOptions, SoukError, watch } from "../src/index.js";

/** Not a secret: a key for 127.0.0.1 and tests only. */
const TLS = new URL("../../../python/tests/tls/", import.meta.url);
const GET = { orderId: "order_1" };
/** Far more than any of these tests needs; a call without it would hang the run. */
const limit = { timeout: 20_000 };

interface Serving {
  address: string;
  /** Breaks every connection, as the death of the process does. */
  cut(how?: (socket: Socket) => void): void;
  /** Dies, and gives up its address. */
  die(): Promise<void>;
}

async function serve(t: TestContext, routes: (router: ConnectRouter) => void, port = 0, tls?: object): Promise<Serving> {
  const handler = connectNodeAdapter({ routes });
  const server = tls === undefined ? createServer(handler) : createSecureServer(tls, handler);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.once("close", () => sockets.delete(socket))));
  await once(server.listen(port, "127.0.0.1"), "listening");
  const cut = (how = (socket: Socket): unknown => socket.destroy()) => sockets.forEach((socket) => how(socket));
  const die = async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    cut();
    await closed;
  };
  t.after(die);
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, cut, die };
}

function ordersAt(t: TestContext, address: string, options?: ConnectOptions) {
  const shop = connect(address, { as: "user:alice", ...options });
  t.after(() => shop.close());
  return { shop, orders: createClient(OrderService, shop) };
}

async function failure(call: Promise<unknown>): Promise<SoukError> {
  const error = await call.then(() => undefined, (reason: unknown) => reason);
  assert.ok(error instanceof SoukError, `it did not fail with a SoukError but with ${String(error)}`);
  return error;
}

/** Answers never: only the end of the connection or of the call ends it. */
function never({ signal }: HandlerContext): Promise<Record<string, never>> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new ConnectError("left", Code.Canceled))));
}

test("the contract's deadline goes with each call, the caller's comes before it, and a stream has none", limit, async (t) => {
  const seen: (string | null)[] = [];
  const { address } = await serve(t, (router) => {
    router.rpc(OrderService.method.getOrder, (_, { requestHeader }) => {
      seen.push(requestHeader.get("grpc-timeout"));
      return {};
    });
    router.rpc(OrderService.method.watchOrder, async function* (_, { requestHeader }) {
      seen.push(requestHeader.get("grpc-timeout"));
    });
  });
  const { orders } = ordersAt(t, address);
  await orders.getOrder(GET);
  await orders.getOrder(GET, { timeoutMs: 500 });
  for await (const _ of orders.watchOrder(GET));
  const [contract, own] = seen.map((text) => Number(/^(\d+)m$/.exec(text ?? "")?.[1]));
  assert.ok(1900 < contract! && contract! <= 2000 && 400 < own! && own! <= 500, seen.join());
  assert.equal(seen[2], null);
});

test("a call and a stream that take too long end with DEADLINE_EXCEEDED", limit, async (t) => {
  const { address } = await serve(t, (router) => {
    router.rpc(OrderService.method.getOrder, (_, context) => never(context));
    router.rpc(OrderService.method.watchOrder, async function* (_, context) {
      yield await never(context);
    });
  });
  const { orders } = ordersAt(t, address);
  assert.equal((await failure(orders.getOrder(GET, { timeoutMs: 50 }))).code, Code.DeadlineExceeded);
  const reading = (async () => {
    for await (const _ of orders.watchOrder(GET, { timeoutMs: 50 }));
  })();
  assert.equal((await failure(reading)).code, Code.DeadlineExceeded);
});

for (const [how, cut] of [
  ["closed", (socket: Socket) => socket.destroy()],
  ["reset", (socket: Socket) => socket.resetAndDestroy()],
] as const) {
  test(`a call whose connection is ${how} is sent again`, limit, async (t) => {
    let calls = 0;
    const serving = await serve(t, (router) =>
      router.rpc(OrderService.method.getOrder, async (_, context) => {
        if (++calls > 1) return { order: { orderId: "order_1" } };
        serving.cut(cut);
        return never(context);
      }),
    );
    const { order } = await ordersAt(t, serving.address).orders.getOrder(GET);
    assert.deepEqual([order?.orderId, calls], ["order_1", 2]);
  });

  test(`a stream whose connection is ${how} is UNAVAILABLE`, limit, async (t) => {
    const serving = await serve(t, (router) =>
      router.rpc(OrderService.method.watchOrder, async function* (_, context) {
        yield { resumeToken: "1" };
        serving.cut(cut);
        await never(context);
      }),
    );
    const { orders } = ordersAt(t, serving.address);
    const reading = (async () => {
      for await (const _ of orders.watchOrder(GET));
    })();
    assert.equal((await failure(reading)).code, Code.Unavailable);
  });
}

test("nobody at the address is UNAVAILABLE", limit, async (t) => {
  const serving = await serve(t, () => undefined);
  await serving.die();
  assert.equal((await failure(ordersAt(t, serving.address).orders.getOrder(GET))).code, Code.Unavailable);
});

test("a watched stream outlives the death of the shop: nothing is left out or comes twice", limit, async (t) => {
  const opened: string[] = [];
  let dying: () => void = () => assert.fail("it has not begun");
  const routes = (router: ConnectRouter) =>
    router.rpc(OrderService.method.watchOrder, async function* ({ resumeToken }, context) {
      opened.push(resumeToken);
      const last = Number(resumeToken);
      yield { resumeToken: String(last + 1) };
      yield { resumeToken: String(last + 2) };
      if (last === 4) return;
      dying();
      await never(context);
    });
  let serving = await serve(t, routes);
  const { address } = serving;
  dying = () => {
    // What has been said has been sent; then it dies, and another takes its place.
    void delay(50)
      .then(() => serving.die())
      .then(() => delay(100))
      .then(async () => (serving = await serve(t, routes, Number(address.split(":")[1]))));
  };
  const { orders } = ordersAt(t, address);
  const tokens: string[] = [];
  for await (const answer of watch(orders.watchOrder, GET)) {
    tokens.push(answer.resumeToken);
  }
  assert.deepEqual([tokens, opened], [["1", "2", "3", "4", "5", "6"], ["", "2", "4"]]);
});

test("whoever leaves a stream cancels it", limit, async (t) => {
  let left: () => void = () => undefined;
  const hasLeft = new Promise<void>((resolve) => (left = resolve));
  const { address } = await serve(t, (router) =>
    router.rpc(OrderService.method.watchOrder, async function* (_, context) {
      context.signal.addEventListener("abort", left);
      yield { resumeToken: "1" };
      await never(context);
    }),
  );
  const { orders } = ordersAt(t, address);
  for await (const _ of watch(orders.watchOrder, GET)) break;
  await hasLeft;
});

test("a signal ends a watch that waits for an answer, and one that waits for the shop", limit, async (t) => {
  const giveUp = new AbortController();
  const serving = await serve(t, (router) =>
    router.rpc(OrderService.method.watchOrder, async function* (_, context) {
      yield { resumeToken: "1" };
      await never(context);
    }),
  );
  const { orders } = ordersAt(t, serving.address);
  for await (const _ of watch(orders.watchOrder, GET, { signal: giveUp.signal })) giveUp.abort();
  await serving.die();
  const signal = AbortSignal.timeout(100);
  for await (const _ of watch(orders.watchOrder, GET, { signal, longestPauseMs: 60_000 }));
  assert.ok(signal.aborted);
});

test("a call that is given up is CANCELED and not sent again, also between two attempts", limit, async (t) => {
  let calls = 0;
  const { address } = await serve(t, (router) => {
    router.rpc(OrderService.method.getOrder, (_, context) => never(context));
    router.rpc(OrderService.method.placeOrder, () => {
      calls++;
      throw new ConnectError("away", Code.Unavailable, { "grpc-retry-pushback-ms": "10000" });
    });
  });
  const { orders } = ordersAt(t, address);
  assert.equal((await failure(orders.getOrder(GET, { signal: AbortSignal.timeout(50) }))).code, Code.Canceled);
  const asked = performance.now();
  assert.equal((await failure(orders.placeOrder({}, { signal: AbortSignal.timeout(200) }))).code, Code.Canceled);
  assert.ok(performance.now() - asked < 5_000);
  assert.equal(calls, 1);
});

test("closing ends the calls under way, and there are no others", limit, async (t) => {
  let calls = 0;
  const { address } = await serve(t, (router) =>
    router.rpc(OrderService.method.getOrder, (_, context) => {
      calls++;
      shop.close();
      return never(context);
    }),
  );
  const { shop, orders } = ordersAt(t, address);
  assert.equal((await failure(orders.getOrder(GET))).code, Code.Canceled);
  assert.equal((await failure(orders.getOrder(GET))).code, Code.Canceled);
  assert.equal(calls, 1);
});

test("TLS: a shop is believed by its authority, and nobody else", limit, async (t) => {
  const [cert, key] = await Promise.all(["certificate.pem", "key.pem"].map((name) => readFile(new URL(name, TLS))));
  const { address } = await serve(t, (router) => router.rpc(OrderService.method.getOrder, () => ({})), 0, { cert, key });
  await ordersAt(t, `https://${address}`, { tls: { ca: cert! } }).orders.getOrder(GET);
  const stranger = await failure(ordersAt(t, `https://${address}`).orders.getOrder(GET));
  assert.equal(stranger.code, Code.Unavailable);
});
