/** One request from its arrival to its last byte: whatever way it ends, it is logged and counted exactly once. */
import { Caller, type Identity } from "./caller.js";
import type { Context } from "./context.js";
import { Code } from "./error.js";
import type { Exchange } from "./grpc.js";
import type { Served } from "./methods.js";
import type { Process } from "./process.js";
import { tell } from "./refusal.js";
import { writeRequest } from "./request_log.js";
import type { Span } from "./spans.js";
import { Trace } from "./trace.js";

/** Made once: a reason of its own, with a stack, would be a tenth of what a call costs. */
const ENDED = new Error("the call has ended");

export class Call {
  readonly started = performance.now();
  readonly trace: Trace;
  /** Aborted when the call has ended, so that what is done for it can stop. */
  readonly #controller = new AbortController();
  readonly #span: Span | undefined;
  readonly #cleanups: (() => void)[] = [];
  #caller = Caller.ANONYMOUS;
  #context: Context | undefined;
  #isFinished = false;

  constructor(
    private readonly process: Process,
    private readonly exchange: Exchange,
    readonly method: Served | undefined,
  ) {
    const trace = Trace.following(exchange.header("traceparent"), exchange.header("tracestate"));
    this.#span = process.spans?.start("server", method?.name ?? "unknown", trace);
    this.trace = this.#span === undefined ? trace : trace.with(this.#span.traceId, this.#span.spanId);
    exchange.stream.once("close", () => this.#finish(Code.Canceled, "", undefined));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  identified({ caller }: Identity): void {
    this.#caller = caller;
  }

  inContext(context: Context): void {
    this.#context = context;
  }

  /** Does something when the call has ended. */
  afterwards(cleanup: () => void): void {
    if (this.#isFinished) cleanup();
    else this.#cleanups.push(cleanup);
  }

  /** Ends the call well. */
  succeed(): void {
    if (this.#isFinished) return;
    this.exchange.end();
    this.#finish(undefined, "", undefined);
  }

  /** Ends the call with whatever was thrown. */
  fail(thrown: unknown): void {
    if (this.#isFinished) return;
    const { error, code, reason, cause } = tell(thrown, this.trace.id);
    this.exchange.end(error);
    this.#finish(code, reason, this.#context?.cause ?? cause);
  }

  #finish(code: Code | undefined, reason: string, cause: string | undefined): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    const durationMs = performance.now() - this.started;
    const method = this.method?.name ?? "unknown";
    this.process.metrics.served(method, code, durationMs);
    const isBackground = this.method?.isBackground ?? false;
    writeRequest(this.process.log, { method, code, reason, durationMs, caller: this.#caller, traceId: this.trace.id, cause, isBackground });
    this.#span?.end(code);
    this.#controller.abort(ENDED);
    for (const cleanup of this.#cleanups) cleanup();
  }
}
