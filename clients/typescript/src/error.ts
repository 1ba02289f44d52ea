/** The error of a failed call: the gRPC code, and the details of the contract's services. */
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import type { Retry } from "./gen/souk/policy/v1/reason_pb.js";
import { retryOf } from "./reason.js";

/**
 * Returns a failure as gRPC names it. For Node.js a connection that breaks is a stream that was cancelled, or an error of the
 * system; for gRPC, and for retries, it is UNAVAILABLE.
 *
 * @param isWanted whether the call was given up on this side, so that CANCELED is what happened
 */
export function asGrpcNames(reason: unknown, isWanted: boolean): ConnectError {
  const error = ConnectError.from(reason);
  if (isWanted || !(error.code === Code.Canceled || isOfSystem(error.cause))) return error;
  return new ConnectError(error.rawMessage, Code.Unavailable, error.metadata, undefined, error.cause ?? error);
}

/** Errors of sockets and of HTTP/2 have a code such as ECONNRESET; errors from a server have none. */
function isOfSystem(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string";
}

/** A field of a request that is wrong. */
export interface FieldViolation {
  /** The path of the field: `lines[0].quantity`. */
  field: string;
  /** What must be so. */
  description: string;
}

/**
 * A call that Souk refused or that did not reach it.
 *
 * `reason` is what programs decide by: a value of an `ErrorReason` whose package is `domain` and a version, such as
 * `ERROR_REASON_OUT_OF_STOCK`; empty when the failure came from the connection.
 */
export class SoukError extends Error {
  override readonly name = "SoukError";
  /** The gRPC code. */
  readonly code: Code;
  /** Why, as the enum `ErrorReason` of {@link domain} names it. */
  readonly reason: string;
  /** Whose reason it is: `souk.inventory.v1`. */
  readonly domain: string;
  /** Facts about this failure, such as `sku` and `available`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The milliseconds to wait before a retry; undefined when the server names no delay. */
  readonly retryAfterMs: number | undefined;
  /** Whether the same request may be sent again, as the contract says of the reason; UNKNOWN when the failure has none. */
  readonly retry: Retry;
  /** The fields that are wrong, when the code is INVALID_ARGUMENT. */
  readonly violations: readonly FieldViolation[];

  /** The headers and trailers that came with the failure. */
  readonly headers: Headers;

  private constructor(error: ConnectError) {
    super(error.rawMessage, { cause: error.cause });
    this.code = error.code;
    this.headers = error.metadata;
    const [info] = error.findDetails(ErrorInfoSchema);
    const [retry] = error.findDetails(RetryInfoSchema);
    this.reason = info?.reason ?? "";
    this.domain = info?.domain ?? "";
    this.metadata = info?.metadata ?? {};
    this.retryAfterMs = retry?.retryDelay === undefined ? undefined : durationMs(retry.retryDelay);
    this.retry = retryOf(this.domain, this.reason);
    this.violations = error
      .findDetails(BadRequestSchema)
      .flatMap((bad) => bad.fieldViolations.map(({ field, description }) => ({ field, description })));
  }

  /** Returns anything that a call can fail with as a SoukError. */
  static from(reason: unknown, code: Code = Code.Unknown): SoukError {
    return reason instanceof SoukError ? reason : new SoukError(ConnectError.from(reason, code));
  }
}
