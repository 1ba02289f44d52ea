/** What a service is made of: methods, workers, subscriptions, and whether it is ready. */
import type { DescMessage, DescMethod, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";

import type { Event } from "@souk/client/gen/souk/events/v1/event_pb.js";

import type { Context } from "./context.js";
import type { Check } from "./invariants.js";
import type { Store } from "./store.js";
import type { Worker } from "./worker.js";

type Init<D extends DescMessage> = MessageInitShape<D>;

/** The code of one method, by the shape that the contract gives it. */
export type Method<M> = M extends { methodKind: infer K; input: infer I extends DescMessage; output: infer O extends DescMessage }
  ? K extends "unary"
    ? (request: MessageShape<I>, context: Context) => Init<O> | Promise<Init<O>>
    : K extends "server_streaming"
      ? (request: MessageShape<I>, context: Context) => AsyncIterable<Init<O>>
      : K extends "client_streaming"
        ? (requests: AsyncIterable<MessageShape<I>>, context: Context) => Promise<Init<O>>
        : (requests: AsyncIterable<MessageShape<I>>, context: Context) => AsyncIterable<Init<O>>
  : never;

/** The code of a gRPC service: a function for each method, by its name in lower camel case. */
export type Implementation<S extends DescService> = { [N in keyof S["method"]]: Method<S["method"][N]> };

/** A lasting subscription and what is done with its events. Made by `subscription` (with a store) or by hand. */
export interface Subscription {
  /** Its name on the bus: `notifications`. */
  name: string;
  /** Full names of events, or `souk.orders.v1.*`; empty for all. */
  types: readonly string[];
  /** Where a subscription that is made now starts; `latest` unless it is said. */
  start?: "earliest" | "latest";
  /** The most events that are handled at once. */
  maxOutstanding?: number;
  /**
   * Handles one delivery. It is acknowledged when the promise is fulfilled, so the effect must be durable by then, and must happen
   * once however often it is called. When it rejects, the event is refused with the reason and comes again later; `Poison` makes
   * it a dead letter at once.
   */
  handle(delivery: Delivery): Promise<void>;
}

/** An event as the bus delivers it. */
export interface Delivery {
  event: Event;
  /** Which delivery of this event it is, from 1. */
  attempt: number;
  publishTime: Date | undefined;
}

/** One thing that must be closed when the service has ended, last of all: a store. */
export interface Closing {
  close(): Promise<void>;
}

interface Rpc {
  service: DescService;
  methods: ReadonlyMap<DescMethod, (...args: never[]) => unknown>;
}

/** A service that was built and does not run yet. Each function adds to it and returns it. */
export class Service {
  readonly rpcs: Rpc[] = [];
  readonly workers: Worker[] = [];
  readonly subscriptions: Subscription[] = [];
  readonly closings: Closing[] = [];
  readonly stores: Store[] = [];
  isReady: () => void | Promise<void> = () => undefined;
  check: Check | undefined;

  /** Serves a gRPC service of the contract. */
  rpc<S extends DescService>(service: S, implementation: Implementation<S>): this {
    const code = implementation as Record<string, (...args: never[]) => unknown>;
    const methods = service.methods.flatMap((method) => {
      const run = code[method.localName];
      return run === undefined ? [] : [[method, run.bind(implementation)] as const];
    });
    this.rpcs.push({ service, methods: new Map(methods) });
    return this;
  }

  /** Runs something beside the requests until the drain. */
  worker(name: string, run: (drain: AbortSignal) => Promise<void>): this {
    this.workers.push({ name, run });
    return this;
  }

  /** Consumes events. */
  subscription(subscription: Subscription): this {
    this.subscriptions.push(subscription);
    return this;
  }

  /**
   * Sets what checks the invariants of the service: it reads the records, on one state of them, and reports. The process offers it
   * as souk.ops.v1.InvariantService. A service with methods does not start without it.
   */
  invariants(check: Check): this {
    this.check = check;
    return this;
  }

  /** Says when the service can do its work: `check` throws while it cannot. Asked each second. */
  ready(check: () => void | Promise<void>): this {
    this.isReady = check;
    return this;
  }

  /** Publishes what the store's writes have put into its outbox, purges its old records, and closes it after everything else. */
  store(store: Store): this {
    this.stores.push(store);
    return this.closing(store);
  }

  /** Closes something after everything else has ended. */
  closing(one: Closing): this {
    this.closings.push(one);
    return this;
  }
}
