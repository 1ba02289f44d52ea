/**
 * Consumes events: reads a subscription until the drain and handles each event once, in one write with its record in the inbox.
 *
 * **Invariant:** an event is acknowledged only after the COMMIT of its effect. The bus has at most one event of a key with us
 * at a time, so all that we hold may be handled at once; those that come together share one COMMIT.
 *
 * **Invariant:** an event reaches a handler only if it says that it comes from the owner of its type. The bus refuses others when
 * they are published; an older log, or a topic that others write to, may hold some.
 *
 * **Invariant:** a subscription only ever gets more types from its consumers. While a service is being deployed two versions of it
 * run, and a type that one took away from the other would be skipped for good. A version that handles fewer types waits until
 * someone decides.
 */
import { create, fromBinary, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { timestampDate, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { SoukError } from "@souk/client";
import type { Event } from "@souk/client/gen/souk/events/v1/event_pb.js";
import { EventService, NackSchema, SubscribeRequestSchema, type EventDelivery as WireDelivery, type Nack, type SubscribeRequest } from "@souk/client/gen/souk/events/v1/events_service_pb.js";
import { LogBoundary } from "@souk/client/gen/souk/events/v1/subscription_pb.js";

import { Backoff } from "./backoff.js";
import { systemClock } from "./clock.js";
import { Context } from "./context.js";
import { Poison, withCauses } from "./error.js";
import type { Host } from "./host.js";
import { isFromOwner } from "./owner.js";
import type { Metrics } from "./red.js";
import { impossibleTimes } from "./times.js";
import type { Delivery, Subscription } from "./service.js";
import type { Store, Tx } from "./store.js";
import type { Worker } from "./worker.js";

/** The most events that are handled at once, unless a subscription says otherwise. */
const AT_ONCE = 256;
const MOST_REASON = 1000;
/** What the bus says when the subscription has other settings than a stream asks for. */
const DIFFERS = "ERROR_REASON_SUBSCRIPTION_DIFFERS";
const UPDATE_LIMIT_MS = 5000;
const AGAIN_MS = 50;
/** How often dropped events of one type are logged. */
const FOREIGN_LOG_MS = 60_000;
/** How long the bus may take to read the last acknowledgements when the process stops. */
const LAST_WORDS_MS = 300;

/** Handles an event with statements of `tx` only. What it returns is called after the COMMIT, to wake those who wait for the effect. */
export type Handler<M> = (tx: Tx, message: M, delivery: Delivery) => void | (() => void);

/** The handler of one type of event; made by `on` or `onAny`. */
export interface EventHandler {
  /** The full name of the type, `souk.orders.v1.OrderPlaced`; `*` for every type without a handler of its own. */
  type: string;
  handle(tx: Tx, delivery: Delivery): void | (() => void);
}

/** Returns the handler of a type of event: `on(OrderPlacedSchema, (tx, { order }) => …)`. */
export function on<D extends DescMessage>(schema: D, handler: Handler<MessageShape<D>>): EventHandler {
  const decode = (event: Event) => {
    let message: MessageShape<D>;
    try {
      message = fromBinary(schema, event.data);
    } catch (error) {
      throw new Poison(`the payload is not a valid ${schema.typeName}: ${(error as Error).message}`);
    }
    const [impossible] = impossibleTimes(schema, message, 1);
    if (impossible !== undefined) throw new Poison(`the payload cannot be read: ${impossible.field} ${impossible.description}`);
    return message;
  };
  return { type: schema.typeName, handle: (tx, delivery) => handler(tx, decode(delivery.event), delivery) };
}

/** Returns the handler of every type that has none of its own; it decodes the events itself. */
export function onAny(handle: EventHandler["handle"]): EventHandler {
  return { type: "*", handle };
}

/** Returns a subscription whose handlers run in one transaction with the record that the event was handled. */
export function subscription(
  store: Store,
  {
    name,
    handlers,
    ignored = [],
    ...more
  }: { name: string; handlers: readonly EventHandler[]; ignored?: readonly string[]; start?: "earliest" | "latest"; maxOutstanding?: number },
): Subscription {
  const byType = new Map(handlers.map((handler) => [handler.type, handler]));
  // What an earlier version handled stays in the subscription, and nothing is done with it.
  const types = byType.has("*") ? [] : [...byType.keys(), ...ignored];
  const handle = async (delivery: Delivery) => {
    const { event } = delivery;
    // One that is ignored has no handler.
    const handler = byType.get(event.type) ?? byType.get("*");
    if (handler === undefined) return;
    const committed = await store.write((tx) => (isFirst(tx, name, event, store.clock.now()) ? handler.handle(tx, delivery) : undefined));
    committed?.();
  };
  return { name, types, handle, ...more };
}

/** Records an event as handled; returns whether it was not before. For subscriptions that are made by hand. */
export function isFirst(tx: Tx, subscription: string, event: Event, now: Date): boolean {
  const sql = "INSERT INTO souk_inbox (subscription, source, event_id, handled_time) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
  return tx.run(sql, subscription, event.source, event.id, now.getTime()) > 0;
}

/** Returns the worker that reads a subscription until the drain. A bus that is away is waited for. */
export function consume(subscription: Subscription, host: Host, metrics: Metrics): Worker {
  const { name } = subscription;
  const bus = createClient(EventService, host.channel("events"));
  const run = async (drain: AbortSignal) => {
    const backoff = new Backoff();
    while (!drain.aborted) {
      let problem = "the event bus ended the stream";
      try {
        await read(drain, backoff);
      } catch (error) {
        problem = withCauses(error);
        if (SoukError.from(error).reason === DIFFERS) {
          const why = await addTypes();
          if (why === undefined) {
            await systemClock.sleep(AGAIN_MS, drain);
            continue;
          }
          problem = why;
        }
      }
      if (drain.aborted) return;
      if (!backoff.isFailing) host.log.warn(`subscription ${name} waits for the event bus: ${problem}`);
      await systemClock.sleep(backoff.next(), drain);
    }
  };

  /** Adds the types that this version handles to the subscription, and takes none away: then it returns why not. */
  async function addTypes(): Promise<string | undefined> {
    const wanted = subscription.types;
    try {
      const found = await bus.getSubscription({ subscriptionId: name }, { timeoutMs: UPDATE_LIMIT_MS });
      const stored = found.subscription?.eventTypes ?? [];
      const others = wanted.length === 0 ? [] : stored.filter((type) => !wanted.includes(type));
      if (others.length > 0 || (stored.length === 0 && wanted.length > 0)) {
        return `it also delivers ${others.join(", ") || "every type"}, which this version does not handle; handle or ignore them, or change the subscription's event_types`;
      }
      const change = { subscriptionId: name, eventTypes: [...wanted], etag: found.subscription?.etag ?? "" };
      await bus.updateSubscription({ subscription: change, updateMask: { paths: ["event_types"] } }, { timeoutMs: UPDATE_LIMIT_MS });
      host.log.info(`subscription ${name} has new event types`);
      return undefined;
    } catch (error) {
      return withCauses(error);
    }
  }

  /** Reads one stream to its end. */
  async function read(drain: AbortSignal, backoff: Backoff): Promise<void> {
    const updates = new Updates(subscription);
    // At the drain nothing more is read, but what is in progress is still acknowledged.
    const stream = new AbortController();
    const handling = new Set<Promise<void>>();
    const stop = () => {
      void Promise.all(handling).then(() => updates.end());
      // The bus ends the stream when it has read the last of them.
      void updates.sent.then(() => systemClock.sleep(LAST_WORDS_MS, stream.signal)).then(() => stream.abort());
    };
    drain.addEventListener("abort", stop, { once: true });
    try {
      for await (const { deliveries } of bus.subscribe(updates, { signal: stream.signal })) {
        if (backoff.isFailing) host.log.info(`subscription ${name} is connected again`);
        backoff.reset();
        if (drain.aborted) continue;
        for (const delivery of deliveries) {
          const handled = deliver(delivery, updates, drain).finally(() => handling.delete(handled));
          handling.add(handled);
        }
      }
    } finally {
      drain.removeEventListener("abort", stop);
      // What is in progress comes to its end; without its acknowledgement it is delivered again and
      // then known.
      await Promise.all(handling);
      updates.end();
      stream.abort();
    }
  }

  const loggedAt = new Map<string, number>();
  /** Counts an event that does not come from the owner of its type, and logs it at most once a minute for each type. */
  function dropForeign({ id, type, source }: Event): void {
    metrics.eventsForeign.inc({ subscription: name, type });
    const now = performance.now();
    if (now - (loggedAt.get(type) ?? -Infinity) < FOREIGN_LOG_MS) return;
    loggedAt.set(type, now);
    host.log.warn({ "event.id": id }, `subscription ${name} drops ${type} ${id}: ${source} does not own this type`);
  }

  /** Passes one delivery to the subscription, and acknowledges or refuses it. */
  async function deliver({ event, ackId, deliveryAttempt: attempt, publishTime }: WireDelivery, updates: Updates, drain: AbortSignal): Promise<void> {
    if (event === undefined) return;
    const context = Context.following(host.name, event.extensions["traceparent"] ?? "", drain);
    if (!isFromOwner(event)) {
      dropForeign(event);
      return updates.ack(ackId);
    }
    let outcome = "handled";
    try {
      const [impossible] = event.time === undefined ? [] : impossibleTimes(TimestampSchema, event.time, 1);
      if (impossible !== undefined) throw new Poison(`its time is invalid: it ${impossible.description}`);
      await context.run(() => subscription.handle({ event, attempt, publishTime: publishTime && timestampDate(publishTime) }));
      updates.ack(ackId);
    } catch (error) {
      outcome = "failed";
      const reason = withCauses(error);
      host.log.warn({ "event.id": event.id, "trace.id": context.traceId }, `subscription ${name} could not handle ${event.type} ${event.id}: ${reason}`);
      updates.nack(ackId, reason.replaceAll("\0", "").slice(0, MOST_REASON), error instanceof Poison);
    }
    metrics.eventsHandled.inc({ subscription: name, type: event.type, outcome });
  }

  return { name: `subscription/${name}`, run };
}

/** What goes to the bus on one stream: the start, then acknowledgements, those that wait together in one message. */
class Updates implements AsyncIterable<MessageInitShape<typeof SubscribeRequestSchema>> {
  #waiting: { ackIds: string[]; nacks: Nack[] } = { ackIds: [], nacks: [] };
  #isEnded = false;
  #wake: () => void = () => undefined;
  #sent!: () => void;
  /** Fulfilled when everything has been handed to the connection. */
  readonly sent = new Promise<void>((resolve) => (this.#sent = resolve));

  constructor(private readonly subscription: Subscription) {}

  ack(ackId: string): void {
    this.#waiting.ackIds.push(ackId);
    this.#wake();
  }

  nack(ackId: string, reason: string, permanent: boolean): void {
    this.#waiting.nacks.push(create(NackSchema, { ackId, reason, permanent }));
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SubscribeRequest, void> {
    const { name, types, start, maxOutstanding } = this.subscription;
    yield create(SubscribeRequestSchema, {
      request: {
        case: "start",
        value: {
          subscriptionId: name,
          eventTypes: [...types],
          maxOutstandingEvents: maxOutstanding ?? AT_ONCE,
          ...(start === "earliest" ? { startPosition: { start: { case: "boundary", value: LogBoundary.EARLIEST } } } : {}),
        },
      },
    });
    for (;;) {
      const { ackIds, nacks } = this.#waiting;
      if (ackIds.length + nacks.length > 0) {
        this.#waiting = { ackIds: [], nacks: [] };
        yield create(SubscribeRequestSchema, { request: { case: "update", value: { ackIds, nacks } } });
      } else if (this.#isEnded) {
        return this.#sent();
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }
}
