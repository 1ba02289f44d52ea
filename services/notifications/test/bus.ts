/**
 * A bus that speaks the contract over real gRPC: delivers, waits for acks, and delivers again what was not acknowledged. It answers
 * for orders too: each exists.
 */
import { createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

import { create } from "@bufbuild/protobuf";
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { EventService, SubscribeResponseSchema, type SubscribeRequest, type SubscribeResponse } from "@souk/client/gen/souk/events/v1/events_service_pb.js";

import { OrderService, type Event } from "#src/contract.js";

/** The bus of a test. */
export interface Bus {
  url: string;
  publish: (event: Event) => void;
  /** The ids of the events that were acknowledged. */
  acknowledged: Set<string>;
  /** The reasons of refusals. */
  refused: string[];
  /** How often something was delivered. */
  deliveries: () => number;
}

/** Starts a bus on a free port. Orders have this address. */
export async function bus(t: TestContext, emailAddress = ""): Promise<Bus> {
  const log: Event[] = [];
  const acknowledged = new Set<string>();
  const refused: string[] = [];
  const attempts = new Map<string, number>();
  const held = new Set<string>();
  let wake: (() => void)[] = [];
  let deliveries = 0;
  const ring = () => {
    const sleepers = wake;
    wake = [];
    for (const one of sleepers) one();
  };

  async function* subscribe(requests: AsyncIterable<SubscribeRequest>): AsyncGenerator<SubscribeResponse> {
    const mine = new Set<string>();
    let isOpen = true;
    let most = 1000;
    let start: () => void = () => undefined;
    const started = new Promise<void>((resolve) => (start = resolve));
    const reading = (async () => {
      try {
        for await (const { request } of requests) {
          if (request.case === "start") {
            most = request.value.maxOutstandingEvents || most;
            start();
          }
          if (request.case !== "update") continue;
          for (const id of request.value.ackIds) {
            acknowledged.add(id);
            mine.delete(id);
            held.delete(id);
          }
          for (const { ackId, reason } of request.value.nacks) {
            refused.push(reason);
            mine.delete(ackId);
            held.delete(ackId);
          }
          ring();
        }
      } catch {
        // The consumer has gone; what it had comes again.
      } finally {
        isOpen = false;
        for (const id of mine) held.delete(id);
        start();
        ring();
      }
    })();
    await started;
    yield create(SubscribeResponseSchema, { started: { subscription: { subscriptionId: "notifications" } } });
    while (isOpen) {
      const due = log.filter(({ id }) => !acknowledged.has(id) && !held.has(id)).slice(0, most - mine.size);
      if (due.length === 0) {
        await new Promise<void>((resolve) => wake.push(resolve));
        continue;
      }
      for (const { id } of due) {
        mine.add(id);
        held.add(id);
        attempts.set(id, (attempts.get(id) ?? 0) + 1);
      }
      deliveries += due.length;
      yield create(SubscribeResponseSchema, {
        deliveries: due.map((event) => ({ event, ackId: event.id, deliveryAttempt: attempts.get(event.id) ?? 1 })),
      });
    }
    await reading;
  }

  const orders: Partial<ServiceImpl<typeof OrderService>> = {
    getOrder: ({ orderId }) => ({ order: { orderId, contact: { emailAddress } } }),
    createOrderLink: ({ orderId, ttl }) => ({ linkToken: `link-of-${orderId}-${ttl?.seconds}` }),
  };
  const routes = (router: ConnectRouter) => void router.service(EventService, { subscribe }).service(OrderService, orders);
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer(connectNodeAdapter({ routes }));
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    ring();
    for (const session of sessions) session.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const publish = (event: Event) => {
    log.push(event);
    ring();
  };
  return { url: `http://127.0.0.1:${port}`, publish, acknowledged, refused, deliveries: () => deliveries };
}
