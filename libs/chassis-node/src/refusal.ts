/** The answers that the chassis itself gives, always with google.rpc.ErrorInfo, and what becomes of any error that is thrown. */
import { Code, ConnectError } from "@connectrpc/connect";

import { Refusal, detail, withCauses, type Detail } from "./error.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@souk/client/gen/google/rpc/error_details_pb.js";

/** The domain of the reasons that are not a service's own. */
export const DOMAIN = "souk.policy.v1";

function refuse(code: Code, reason: string, message: string, metadata: Record<string, string> = {}, details: Detail[] = []): Refusal {
  return new Refusal(code, `ERROR_REASON_${reason}`, message, { domain: DOMAIN, metadata, details });
}

export const unauthenticated = (message: string) => refuse(Code.Unauthenticated, "UNAUTHENTICATED", message);
export const accessDenied = (message: string) => refuse(Code.PermissionDenied, "ACCESS_DENIED", message);
export const deadlineExceeded = () => refuse(Code.DeadlineExceeded, "DEADLINE_EXCEEDED", "the deadline has passed");
export const draining = () => refuse(Code.Unavailable, "DRAINING", "this process is stopping, call again");
export const unimplemented = (path: string) => refuse(Code.Unimplemented, "UNIMPLEMENTED", `no method ${path} here`);


/** A limit of the process, of a connection or of an address is reached; the message says which. */
export function overloaded(message: string): Refusal {
  return refuse(Code.ResourceExhausted, "OVERLOADED", message, {}, [detail(RetryInfoSchema, { retryDelay: { nanos: 100_000_000 } })]);
}

/** Streams last longer than other calls. */
export function tooManyStreams(message: string): Refusal {
  return refuse(Code.ResourceExhausted, "TOO_MANY_STREAMS", message, {}, [detail(RetryInfoSchema, { retryDelay: { seconds: 1n } })]);
}

export function messageTooLarge(size: number, most: number): Refusal {
  return refuse(Code.ResourceExhausted, "MESSAGE_TOO_LARGE", `a message of ${size} bytes is too large, at most ${most} are read`);
}

export function headersTooLarge(size: number, most: number): Refusal {
  return refuse(Code.ResourceExhausted, "HEADERS_TOO_LARGE", `the headers of the request have ${size} bytes, at most ${most} are read`);
}

export function unsupportedCompression(encoding: string): Refusal {
  return refuse(Code.Unimplemented, "UNSUPPORTED_COMPRESSION", `the request is compressed with ${encoding}, only identity is accepted`, { accepted: "identity" });
}

/** A request that cannot be read. The field is a header, or empty for the message itself. */
export function malformed(domain: string, field: string, what: string): Refusal {
  return invalidField(domain, what, [{ field, description: what }]);
}

export function upstreamUnavailable(neighbour: string, why: string): Refusal {
  return refuse(Code.Unavailable, "UPSTREAM_UNAVAILABLE", `${neighbour} cannot be reached: ${why}`, { service: neighbour });
}

/** One thing that is wrong with a request. */
export interface FieldViolation {
  field: string;
  description: string;
}

/** A request that breaks its rules or cannot be read. The domain is the package of the request. */
export function invalidField(domain: string, message: string, fieldViolations: FieldViolation[]): Refusal {
  const details = [detail(BadRequestSchema, { fieldViolations })];
  return new Refusal(Code.InvalidArgument, "ERROR_REASON_INVALID_FIELD", message, { domain, details });
}

/** Returns whether the code means that somebody must look, so that its text is for us and not for the caller. */
export function isOurFault(code: Code): boolean {
  return code === Code.Internal || code === Code.Unknown || code === Code.DataLoss;
}

/** What a caller is told of an error, and what the log is. */
export interface Told {
  error: ConnectError;
  code: Code;
  reason: string;
  cause: string | undefined;
}

/** Turns whatever was thrown into what the caller is told: always with a reason, hidden with the trace id when it is our fault. */
export function tell(thrown: unknown, traceId: string): Told {
  const refusal = asRefusal(thrown);
  const isHidden = isOurFault(refusal.code);
  const message = isHidden ? "internal error" : refusal.message;
  const metadata = isHidden ? { trace_id: traceId } : refusal.metadata;
  const info = detail(ErrorInfoSchema, { reason: refusal.reason, domain: refusal.domain, metadata });
  const details = isHidden ? [info] : [info, ...refusal.details];
  const isForLog = isHidden || refusal.code === Code.Unavailable;
  return {
    error: new ConnectError(message, refusal.code, undefined, details),
    code: refusal.code,
    reason: refusal.reason,
    cause: isForLog ? withCauses(refusal) : undefined,
  };
}

function asRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  // A neighbour that is away is no bug of ours; whatever else it answered, the method should have known what to do.
  if (thrown instanceof ConnectError && thrown.code === Code.Unavailable) {
    return new Refusal(Code.Unavailable, "ERROR_REASON_UPSTREAM_UNAVAILABLE", "a service that this one needs does not answer", {
      domain: DOMAIN,
      cause: thrown,
    });
  }
  return new Refusal(Code.Internal, "ERROR_REASON_INTERNAL", withCauses(thrown), { domain: DOMAIN });
}
