/** What is known of the request that the present code runs for. It follows the code through every await. */
import { AsyncLocalStorage } from "node:async_hooks";

import { Caller } from "./caller.js";
import { Deadline } from "./deadline.js";
import type { Criticality } from "./policy.js";
import { Trace } from "./trace.js";

/** The request that is being served, as its method sees it. */
export class Context {
  /** What really went wrong, for the log line of the request. */
  cause: string | undefined;

  constructor(
    readonly caller: Caller,
    readonly scopes: readonly string[],
    readonly deadline: Deadline,
    readonly criticality: Criticality,
    readonly trace: Trace,
    /** Aborted when the caller no longer waits: deadline, cancellation, and for streams the drain. */
    readonly signal: AbortSignal,
  ) {}

  get traceId(): string {
    return this.trace.id;
  }

  /** Returns the context of the present code; undefined outside of a request. */
  static current(): Context | undefined {
    return storage.getStore();
  }

  /** Runs `work`, and all that it starts, in this context. */
  run<T>(work: () => T): T {
    return storage.run(this, work);
  }

  /** Returns a context for work without a request, such as handling an event: it continues the trace. */
  static following(service: string, traceparent: string, signal: AbortSignal): Context {
    const trace = Trace.following(traceparent);
    return new Context(Caller.service(service), [], Deadline.never(), "critical", trace, signal);
  }
}

const storage = new AsyncLocalStorage<Context>();
