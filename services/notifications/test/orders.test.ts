/** What orders is asked for, and what becomes of its refusals. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Code, ConnectError, createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import { Caller, Context, Deadline, ErrorInfoSchema } from "@souk/chassis";

import { OrderService } from "#src/contract.js";
import { Failure } from "#src/failure.js";
import { grpcOrders } from "#src/upstream/orders.js";
import { contextOf } from "./support.js";

const ORDER = "order_01h455vb4pex5vsknk084sn02q";
const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

const ordersThat = (answer: Partial<ServiceImpl<typeof OrderService>>) => grpcOrders(createRouterTransport(({ service }) => void service(OrderService, answer)));
const refusing = (code: Code, reason: string) => {
  const refuse = () => {
    const info = { desc: ErrorInfoSchema, value: { reason, domain: "souk.orders" } };
    throw new ConnectError(`no mail for secret.address@example.org`, code, undefined, [info]);
  };
  return ordersThat({ getOrder: refuse, createOrderLink: refuse });
};

test("an order says where mail goes and in which language, and an address that no mail reaches is none", async () => {
  const of = (emailAddress: string) => ordersThat({ getOrder: ({ orderId }) => ({ order: { orderId, locale: "de-CH", contact: { emailAddress } } }) }).contactOf(ORDER, "");
  assert.deepEqual(await of("guest@example.org"), { emailAddress: "guest@example.org", locale: "de-CH" });
  assert.deepEqual(await of("a..b@example.org"), { emailAddress: "", locale: "de-CH" });
  assert.deepEqual(await ordersThat({ getOrder: () => ({ order: {} }) }).contactOf(ORDER, ""), { emailAddress: "", locale: "" });
});

test("an order that is not there is none, and every other refusal is a failure that says its code alone", async () => {
  assert.equal(await refusing(Code.NotFound, "ERROR_REASON_ORDER_NOT_FOUND").contactOf(ORDER, ""), undefined);
  const failures: [Code, string][] = [
    [Code.Unavailable, "orders unavailable"],
    [Code.PermissionDenied, "orders permission_denied"],
    [Code.Unimplemented, "orders unimplemented"],
  ];
  for (const [code, word] of failures) {
    const orders = refusing(code, "ERROR_REASON_ACCESS_DENIED");
    for (const call of [orders.contactOf(ORDER, ""), orders.linkToken(ORDER, 60, "")]) {
      await assert.rejects(call, (error) => error instanceof Failure && error.message === word && !error.isFinal);
    }
  }
});

test("a call goes on when the request that woke the dispatcher is over, in the trace of the event", async () => {
  const seen: (Context | undefined)[] = [];
  const orders = ordersThat({
    getOrder: () => (seen.push(Context.current()), { order: {} }),
    createOrderLink: ({ ttl }) => (seen.push(Context.current()), { linkToken: `for ${ttl?.seconds} seconds` }),
  });
  const over = new AbortController();
  const { scopes, criticality, trace } = contextOf(Caller.user("alice"));
  over.abort();
  await new Context(Caller.user("alice"), scopes, Deadline.after(0), criticality, trace, over.signal).run(async () => {
    await orders.contactOf(ORDER, TRACE);
    assert.equal(await orders.linkToken(ORDER, 60, TRACE), "for 60 seconds");
  });
  assert.deepEqual(seen.map((one) => [one?.deadline.isNever, one?.signal.aborted, one?.traceId]), [[true, false, "0af7651916cd43dd8448eb211c80319c"], [true, false, "0af7651916cd43dd8448eb211c80319c"]]);
});
