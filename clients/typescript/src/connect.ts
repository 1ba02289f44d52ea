/** The way to a shop: one transport for every generated client, with what the contract asks of callers built in. */
import { setTimeout as delay } from "node:timers/promises";

import type { DescMessage, DescMethodStreaming, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextValues, type StreamResponse, type Transport, type UnaryResponse } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

import { asGrpcNames, SoukError } from "./error.js";
import { developmentToken } from "./identity.js";
import { policyOf } from "./policy.js";
import { pauseAfter } from "./retry.js";

/** How a shop is reached, and as whom. */
export interface ConnectOptions {
  /** A token, sent as `authorization: Bearer …`. */
  token?: string;
  /** Signs a development token for `user:ID`, `guest:ID`, `service:NAME` or `staff`; for shops on this machine. */
  as?: string;
  /**
   * What the token of `as` is granted, such as `["orders.read"]`; `"*"` is every scope. Services and
   * staff need those that the contract names for each method, users none.
   */
  scopes?: readonly string[];
  /** Further options of Node's TLS sockets: `ca`, `cert`, `key`. They matter for https addresses only. */
  tls?: { ca?: string | Buffer; cert?: string | Buffer; key?: string | Buffer };
  /** The transport to use underneath; for tests. */
  transport?: Transport;
}

/**
 * Returns a transport for `createClient` of `@connectrpc/connect`, which speaks gRPC to a shop.
 *
 * Each call has the deadline that the contract names, unless it is given `timeoutMs`; calls that the contract calls
 * repeatable are sent again when the shop is unavailable; what fails, fails with a {@link SoukError}. Nothing is sent
 * before the first call.
 *
 * @param address `127.0.0.1:7300`, `http://…` or `https://…`
 */
export function connect(address: string, options: ConnectOptions = {}): Connection {
  const baseUrl = address.includes("://") ? address : `http://${address}`;
  const token = options.token ?? (options.as === undefined ? "" : developmentToken(options.as, undefined, options.scopes));
  const sessionManager = new Http2SessionManager(baseUrl, {}, { ...options.tls });
  const inner = options.transport ?? createGrpcTransport({ baseUrl, sessionManager });
  return new SoukTransport(inner, token, sessionManager);
}

/** A transport for generated clients. Node.js keeps running while it is open. */
export interface Connection extends Transport {
  /** Ends it; calls that are under way, and later ones, fail with CANCELED. */
  close(): void;
}

type Signal = AbortSignal | undefined;
type Sent = Parameters<Transport["unary"]>[3];

class SoukTransport implements Connection {
  private readonly closed = new AbortController();

  constructor(
    private readonly inner: Transport,
    private readonly token: string,
    private readonly session: Http2SessionManager,
  ) {}

  close(): void {
    this.closed.abort();
    this.session.abort();
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: Signal,
    timeoutMs: number | undefined,
    header: Sent,
    input: MessageInitShape<I>,
    contextValues?: ContextValues,
  ): Promise<UnaryResponse<I, O>> {
    const policy = policyOf(method);
    const until = performance.now() + (timeoutMs ?? policy.timeoutMs ?? Infinity);
    for (let attempt = 1; ; attempt++) {
      this.mustBeOpen();
      try {
        const left = finite(until - performance.now());
        return await this.inner.unary(method, signal, left, this.signed(header), input, contextValues);
      } catch (reason) {
        const error = this.failure(reason, signal);
        const pause = policy.isRepeatable
          ? pauseAfter(error, attempt, until - performance.now(), Math.random())
          : undefined;
        if (pause === undefined) throw error;
        await this.pause(pause, signal);
      }
    }
  }

  async stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    signal: Signal,
    timeoutMs: number | undefined,
    header: Sent,
    input: AsyncIterable<MessageInitShape<I>>,
    contextValues?: ContextValues,
  ): Promise<StreamResponse<I, O>> {
    this.mustBeOpen();
    const limit = timeoutMs ?? policyOf(method).timeoutMs;
    const left = new AbortController();
    const either = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
    const headers = this.signed(header);
    // connect's own timer would keep the process running until the deadline of a stream that was left long before.
    const timer = limit === undefined ? undefined : setTimeout(() => left.abort(passed()), limit).unref();
    if (limit !== undefined) headers.set("grpc-timeout", `${Math.ceil(limit)}m`);
    try {
      const response = await this.inner.stream(method, either, undefined, headers, input, contextValues);
      return { ...response, message: this.converted(response.message, signal, left, timer) };
    } catch (reason) {
      clearTimeout(timer);
      throw this.failure(reason, signal);
    }
  }

  /** Leaving a stream before its end cancels it; its deadline must not keep the process running. */
  private async *converted<T>(
    messages: AsyncIterable<T>,
    signal: Signal,
    left: AbortController,
    timer: NodeJS.Timeout | undefined,
  ): AsyncIterable<T> {
    try {
      yield* messages;
    } catch (reason) {
      throw this.failure(reason, signal);
    } finally {
      clearTimeout(timer);
      left.abort();
    }
  }

  private failure(reason: unknown, signal: Signal): SoukError {
    if (reason instanceof SoukError) return reason;
    const isWanted = signal?.aborted === true || this.closed.signal.aborted;
    return SoukError.from(asGrpcNames(reason, isWanted));
  }

  /** Waits; less long when the call is given up meanwhile. */
  private async pause(ms: number, signal: Signal): Promise<void> {
    const either = signal === undefined ? this.closed.signal : AbortSignal.any([signal, this.closed.signal]);
    await delay(ms, undefined, { signal: either }).catch(() => undefined);
  }

  private mustBeOpen(): void {
    if (this.closed.signal.aborted) throw SoukError.from(new ConnectError("the connection is closed", Code.Canceled));
  }

  private signed(header: Sent): Headers {
    const headers = new Headers(header);
    if (this.token !== "" && !headers.has("authorization")) headers.set("authorization", `Bearer ${this.token}`);
    return headers;
  }
}

/** A deadline that has passed is one of a millisecond, so that the failure is DEADLINE_EXCEEDED like any other. */
function finite(leftMs: number): number | undefined {
  return leftMs === Infinity ? undefined : Math.max(1, Math.ceil(leftMs));
}

function passed(): ConnectError {
  return new ConnectError("the deadline has passed", Code.DeadlineExceeded);
}
