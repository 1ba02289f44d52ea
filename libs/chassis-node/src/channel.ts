/** What every call to an upstream passes, in reading order. */
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { asGrpcNames, pauseAfter, SoukError } from "@souk/client";

import { Caller } from "./caller.js";
import { systemClock } from "./clock.js";
import { Context } from "./context.js";
import { Deadline } from "./deadline.js";
import { developmentToken } from "./identity.js";
import { nameOf, policyOf, type Policy } from "./policy.js";
import type { Metrics } from "./red.js";
import { deadlineExceeded, errorResponse, upstreamUnavailable } from "./refusal.js";
import type { Span, Spans } from "./spans.js";
import { Trace } from "./trace.js";

/** An address to which no connection came about is passed over for this long. */
const DEAD_FOR_MS = 1000;

/** What all channels of a process share. */
export interface Outgoing {
  /** Who calls: the name of this service. */
  service: string;
  /** What it was granted: its token has these scopes. */
  scopes: readonly string[];
  identityKey: string;
  maxMessageBytes: number;
  metrics: Metrics;
  spans: Spans | undefined;
}

interface Address {
  transport: Transport;
  deadUntil: number;
}

/** Returns the way to an upstream at these addresses, separated by commas; undefined when none is configured. */
export function channel(name: string, addresses: string | undefined, outgoing: Outgoing): Transport {
  return new Channel(name, addresses, outgoing);
}

class Channel implements Transport {
  readonly #addresses: Address[];
  readonly #authorization: string;
  #turn = 0;

  constructor(
    private readonly name: string,
    addresses: string | undefined,
    private readonly outgoing: Outgoing,
  ) {
    const urls = (addresses ?? "").split(",").map((one) => one.trim()).filter(Boolean);
    this.#addresses = urls.map((baseUrl) => ({
      transport: createGrpcTransport({ baseUrl, readMaxBytes: outgoing.maxMessageBytes, pingIntervalMs: 30_000, pingTimeoutMs: 10_000 }),
      deadUntil: 0,
    }));
    this.#authorization = `Bearer ${developmentToken(Caller.service(outgoing.service), outgoing.scopes, outgoing.identityKey)}`;
  }

  unary: Transport["unary"] = async (method, signal, timeoutMs, header, input, values) => {
    const call = this.#begin(method, timeoutMs, header);
    for (let attempts = 1; ; attempts++) {
      const sent = this.#send(call);
      try {
        const address = this.#choose();
        const answer = await address.transport.unary(method, call.signal(signal), call.timeoutMs(), sent.header, input, values).catch((error: unknown) => {
          throw this.#explain(error, address, call.signal(signal));
        });
        sent.end(undefined);
        return answer;
      } catch (error) {
        sent.end(ConnectError.from(error).code);
        const pause = this.#pauseAfter(call, error, attempts);
        if (pause === undefined || signal?.aborted === true) throw error;
        await systemClock.sleep(pause, call.signal(signal));
      }
    }
  };

  stream: Transport["stream"] = async (method, signal, timeoutMs, header, input, values) => {
    const call = this.#begin(method, timeoutMs, header);
    const sent = this.#send(call);
    const fail = (error: unknown, address: Address): never => {
      const explained = this.#explain(error, address, call.signal(signal));
      sent.end(explained.code);
      throw explained;
    };
    const address = this.#choose();
    const answer = await address.transport
      .stream(method, call.signal(signal), call.timeoutMs(), sent.header, input, values)
      .catch((error: unknown) => fail(error, address));
    async function* messages<T>(all: AsyncIterable<T>): AsyncGenerator<T> {
      try {
        yield* all;
        sent.end(undefined);
      } catch (error) {
        fail(error, address);
      } finally {
        sent.end(Code.Canceled);
      }
    }
    return { ...answer, message: messages(answer.message) };
  };

  #begin(method: DescMethod, timeoutMs: number | undefined, header: Parameters<Transport["unary"]>[3]): Departing {
    // 1. Deadline: the caller's own, the contract's, and what is left of the request that this call is made for.
    const context = Context.current();
    const policy = policyOf(method);
    let deadline = context?.deadline ?? Deadline.never();
    if (policy !== undefined) deadline = deadline.earlier(Deadline.after(policy.timeoutMs));
    if (timeoutMs !== undefined) deadline = deadline.earlier(Deadline.after(timeoutMs));
    if (deadline.hasPassed) throw errorResponse(deadlineExceeded(), "").error;

    // 2. Who calls (this service, not its caller), how much it matters, and in which trace.
    const headers = new Headers(header);
    headers.set("authorization", this.#authorization);
    const criticality = context?.criticality ?? policy?.criticality;
    if (criticality !== undefined) headers.set("souk-criticality", criticality);
    return new Departing(method, policy, deadline, headers, context);
  }

  /** Begins one attempt: it is a part of the trace of its own, and counted. */
  #send({ method, header, context }: Departing): { header: Headers; end: (code: Code | undefined) => void } {
    const { metrics, spans } = this.outgoing;
    const name = nameOf(method);
    const here = context?.trace;
    const span: Span | undefined = here === undefined ? undefined : spans?.start("client", name, here);
    const trace = here === undefined ? Trace.start() : span === undefined ? here.child() : here.with(span.traceId, span.spanId);
    const sent = new Headers(header);
    sent.set("traceparent", trace.traceparent);
    if (trace.state !== undefined) sent.set("tracestate", trace.state);
    const started = performance.now();
    let hasEnded = false;
    const end = (code: Code | undefined) => {
      if (hasEnded) return;
      hasEnded = true;
      metrics.called(name, code, performance.now() - started);
      span?.end(code);
    };
    return { header: sent, end };
  }

  /** Returns the next address in turn that is not known to be dead; the next in turn when all are. */
  #choose(): Address {
    const turn = this.#turn++;
    const inTurn = this.#addresses.map((_, offset) => this.#addresses[(turn + offset) % this.#addresses.length]);
    const address = inTurn.find((one) => one !== undefined && one.deadUntil <= performance.now()) ?? inTurn[0];
    if (address !== undefined) return address;
    throw errorResponse(upstreamUnavailable(this.name, "it has no configured address"), "").error;
  }

  /** Returns how long to wait before the next attempt; undefined when this failure is the last. */
  #pauseAfter({ policy, deadline }: Departing, error: unknown, attempts: number): number | undefined {
    if (policy?.isRepeatable !== true) return undefined;
    return pauseAfter(SoukError.from(error), attempts, deadline.remaining(), Math.random());
  }

  /** An upstream that could not be reached says nothing itself. */
  #explain(error: unknown, address: Address, signal: AbortSignal | undefined): ConnectError {
    const known = asGrpcNames(error, signal?.aborted === true);
    if (known.code === Code.DeadlineExceeded && known.details.length === 0) return errorResponse(deadlineExceeded(), "").error;
    if (known.code !== Code.Unavailable || known.metadata.has("grpc-status")) return known;
    if (/ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT|EAI_AGAIN/.test(known.message)) address.deadUntil = performance.now() + DEAD_FOR_MS;
    return errorResponse(upstreamUnavailable(this.name, known.rawMessage), "").error;
  }
}

/** A call before its first attempt. */
class Departing {
  constructor(
    readonly method: DescMethod,
    readonly policy: Policy | undefined,
    readonly deadline: Deadline,
    readonly header: Headers,
    readonly context: Context | undefined,
  ) {}

  timeoutMs(): number | undefined {
    return this.deadline.isNever ? undefined : Math.max(1, Math.ceil(this.deadline.remaining()));
  }

  /** Cancelling the request cancels the calls that it causes. */
  signal(own: AbortSignal | undefined): AbortSignal | undefined {
    const signals = [own, this.context?.signal].filter((signal) => signal !== undefined);
    return signals.length > 1 ? AbortSignal.any(signals) : signals[0];
  }
}
