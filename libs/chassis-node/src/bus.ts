/** A bus for tests: what is published is kept in a list, and one subscription is delivered again until it is acknowledged. */
import { create, toBinary, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { ErrorReason as Reason, ErrorReasonSchema } from "@souk/client/gen/souk/events/v1/error_reason_pb.js";
import { EventSchema, type Event } from "@souk/client/gen/souk/events/v1/event_pb.js";
import { EventService, type GetSubscriptionRequest, type Nack, type PublishEventsRequest, type SubscribeRequest, type SubscribeStart, type SubscribeResponseSchema, type UpdateSubscriptionRequest } from "@souk/client/gen/souk/events/v1/events_service_pb.js";

import type { Context } from "./context.js";
import { define } from "./definition.js";
import { refusals } from "./error.js";
import { ownerOf } from "./owner.js";
import { malformed } from "./refusal.js";
import { Service } from "./service.js";
import { serveFor, type Ending, type TestService } from "./test_service.js";

const refuse = refusals(ErrorReasonSchema);

/** How long before an event that was refused comes again. */
const REDELIVERY_MS = 20;

/** Serves souk.events.v1.EventService as far as services need it. */
export class Bus {
  readonly published: Event[] = [];
  readonly starts: SubscribeStart[] = [];
  readonly acked: string[] = [];
  readonly nacks: Nack[] = [];
  /** Whether publishing fails now. */
  isAway = false;
  /** An id that is refused for good. */
  refuses = "";
  /** The types that the subscription delivers, if it exists already. */
  types: readonly string[] | undefined;
  /** A key whose event makes it refuse the whole request. */
  invalid = "";
  /** Who published. */
  readonly callers: string[] = [];
  readonly #waiting: { event: Event; attempt: number }[] = [];
  #count = 0;
  #wake: () => void = () => undefined;
  #cut: () => void = () => undefined;
  service!: TestService;

  /** Starts a bus that ends with the test. */
  static async start(t: Ending, listen = "127.0.0.1:0"): Promise<Bus> {
    const bus = new Bus();
    const methods = { publishEvents: (request: PublishEventsRequest, context: Context) => bus.#publish(request, context), subscribe: bus.#subscribe.bind(bus), getSubscription: bus.#get.bind(bus), updateSubscription: bus.#update.bind(bus) };
    const definition = define({
      name: "events",
      config: { parse: () => undefined },
      build: () => new Service().rpc(EventService, methods as never).invariants(() => ({ findings: [], counts: [] })),
    });
    bus.service = await serveFor(t, definition, { set: { "server.listen": listen, "server.drain_seconds": 0 } });
    return bus;
  }

  /** What the setting `upstreams.events` must be. */
  get address(): string {
    return `http://${this.service.running.address}`;
  }

  /** Delivers an event to the subscription. */
  deliver(event: MessageInitShape<typeof EventSchema>): void {
    this.#waiting.push({ event: create(EventSchema, event), attempt: 1 });
    this.#wake();
  }

  /** Delivers an event with this message. */
  deliverMessage<D extends DescMessage>(schema: D, message: MessageInitShape<D>, more: { id: string; key?: string }): void {
    const data = toBinary(schema, create(schema, message));
    this.deliver({ id: more.id, source: `/services/${ownerOf(schema.typeName) ?? "nobody"}`, type: schema.typeName, data, orderingKey: more.key ?? "" });
  }

  /** Breaks the present stream. */
  cut(): void {
    this.#cut();
  }

  #publish({ events }: PublishEventsRequest, { caller }: Context) {
    if (this.isAway) throw refuse(Reason.LOG_UNAVAILABLE, "away");
    this.callers.push(caller.key);
    if (events.some(({ orderingKey }) => orderingKey !== "" && orderingKey === this.invalid)) {
      throw malformed("souk.events", "events[0].time", "field events[0].time is not a time");
    }
    const results = events.map((event) => {
      if (event.id === this.refuses || event.orderingKey === this.refuses) {
        return { result: { case: "failure" as const, value: { message: "too large", retryable: false } } };
      }
      this.published.push(event);
      return { result: { case: "position" as const, value: { partition: 0, offset: BigInt(this.published.length) } } };
    });
    return { results };
  }

  #get({ subscriptionId }: GetSubscriptionRequest) {
    return { subscription: { subscriptionId, eventTypes: [...(this.types ?? [])], etag: "1" } };
  }

  #update({ subscription }: UpdateSubscriptionRequest) {
    this.types = subscription?.eventTypes ?? [];
    return { subscription };
  }

  async *#subscribe(requests: AsyncIterable<SubscribeRequest>, { signal }: Context): AsyncGenerator<MessageInitShape<typeof SubscribeResponseSchema>> {
    const outstanding = new Map<string, { event: Event; attempt: number }>();
    let isCut = false;
    this.#cut = () => {
      isCut = true;
      this.#wake();
    };
    const first = await requests[Symbol.asyncIterator]().next();
    if (first.done !== true && first.value.request.case === "start") {
      const start = first.value.request.value;
      this.starts.push(start);
      if (this.types !== undefined && String([...this.types].sort()) !== String([...start.eventTypes].sort())) {
        throw refuse(Reason.SUBSCRIPTION_DIFFERS, "the subscription has other event_types", { subscription_id: start.subscriptionId, differs: "event_types" });
      }
    }
    const reading = this.#read(requests, outstanding);
    signal.addEventListener("abort", () => this.#wake());
    yield { started: {} };
    try {
      while (!signal.aborted && !isCut) {
        // One event of a key at a time, as the real one does.
        const busy = new Set([...outstanding.values()].map(({ event }) => event.orderingKey).filter(Boolean));
        const ready = this.#waiting.filter(({ event }) => !busy.has(event.orderingKey) && (event.orderingKey === "" || busy.add(event.orderingKey)));
        for (const one of ready) this.#waiting.splice(this.#waiting.indexOf(one), 1);
        const deliveries = ready.map((one) => {
          const ackId = `ack-${++this.#count}`;
          outstanding.set(ackId, one);
          return { event: one.event, ackId, deliveryAttempt: one.attempt };
        });
        if (deliveries.length > 0) yield { deliveries };
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#waiting.unshift(...[...outstanding.values()].map(({ event, attempt }) => ({ event, attempt: attempt + 1 })));
      outstanding.clear();
      void reading;
    }
  }

  async #read(requests: AsyncIterable<SubscribeRequest>, outstanding: Map<string, { event: Event; attempt: number }>): Promise<void> {
    try {
      for await (const { request } of requests) {
        if (request.case !== "update") continue;
        for (const ackId of request.value.ackIds) {
          if (outstanding.delete(ackId)) this.acked.push(ackId);
        }
        for (const nack of request.value.nacks) {
          const one = outstanding.get(nack.ackId);
          this.nacks.push(nack);
          if (one === undefined) continue;
          setTimeout(() => {
            if (!outstanding.delete(nack.ackId)) return;
            if (!nack.permanent) this.#waiting.unshift({ event: one.event, attempt: one.attempt + 1 });
            this.#wake();
          }, REDELIVERY_MS);
        }
        this.#wake();
      }
    } catch {
      // The stream has ended; what it held is delivered again.
    }
  }
}
