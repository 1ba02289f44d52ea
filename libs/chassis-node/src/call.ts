/** One request from its arrival to its last byte: whatever way it ends, it is logged and counted exactly once, when its answer is sent. */
import { Caller, type Identity } from "./caller.js";
import type { Context } from "./context.js";
import { Code, type Refusal } from "./error.js";
import type { Exchange } from "./grpc.js";
import type { Served } from "./methods.js";
import type { Process } from "./process.js";
import { hasItsKeys } from "./reason.js";
import { INVALID_FIELD, errorResponse } from "./refusal.js";
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
  #isAnswered = false;
  #isFinished = false;

  constructor(
    private readonly process: Process,
    private readonly exchange: Exchange,
    readonly method: Served | undefined,
  ) {
    const trace = Trace.following(exchange.header("traceparent"), exchange.header("tracestate"));
    this.#span = process.spans?.start("server", method?.name ?? "unknown", trace);
    this.trace = this.#span === undefined ? trace : trace.with(this.#span.traceId, this.#span.spanId);
    exchange.stream.once("close", () => {
      this.#release();
      if (exchange.isStuck) process.limits.refused("send_seconds", "server.send_seconds", exchange.sendMs / 1000, exchange.connection.peer.address);
      this.#finish(Code.Canceled, "", exchange.isStuck ? "the caller did not read the response in time" : undefined);
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether nothing is left to do: it is answered, or the caller no longer waits. */
  get isOver(): boolean {
    return this.#isAnswered || this.#isFinished;
  }

  identified({ caller }: Identity): void {
    this.#caller = caller;
  }

  inContext(context: Context): void {
    this.#context = context;
  }

  /** Does something when nothing more is done for the call. */
  afterwards(cleanup: () => void): void {
    if (this.isOver) cleanup();
    else this.#cleanups.push(cleanup);
  }

  /** Ends the call well. */
  succeed(): void {
    if (this.isOver) return;
    this.#release();
    this.exchange.end(undefined, () => this.#finish(undefined, "", undefined));
  }

  /** Ends the call with whatever was thrown. */
  fail(thrown: unknown): void {
    if (this.isOver) return;
    this.#release();
    const { error, refusal, cause } = errorResponse(thrown, this.trace.id);
    this.#holdToContract(refusal);
    const known = this.#context?.cause ?? cause;
    this.exchange.end(error, () => this.#finish(refusal.code, refusal.reason, known));
  }

  /** Reports a reason that the contract does not list for the method, and facts that are not the reason's: callers expect neither. Tests fail on it. */
  #holdToContract({ policy, metadata }: Refusal): void {
    if (this.method === undefined || this.method.isBackground) return;
    const { name, policy: method } = this.method;
    const { log, metrics } = this.process;
    const labels = { rpc_method: name, reason: policy.name };
    const isOwn = policy.domain === method.domain && policy.name !== INVALID_FIELD;
    if (isOwn && !method.reasons.has(policy.name)) {
      log.error(`${name} failed with ${policy.name}, which its contract does not list`);
      metrics.unlistedReasons.inc(labels);
    }
    if (!hasItsKeys(policy, metadata)) {
      log.error(`${name} failed with ${policy.name} and the metadata [${Object.keys(metadata).join(", ")}], which is not that of its contract`);
      metrics.wrongFacts.inc(labels);
    }
  }

  /** The answer is in memory: what was held for making it is given back. */
  #release(): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#controller.abort(ENDED);
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
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
  }
}
