/** The answers that the chassis itself gives, always with google.rpc.ErrorInfo, and how thrown errors are converted. */
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@souk/client/gen/google/rpc/error_details_pb.js";
import { ErrorReason as Reason, ErrorReasonSchema, file_souk_policy_v1_error_reason } from "@souk/client/gen/souk/policy/v1/error_reason_pb.js";

import { Refusal, detail, refusals, withCauses } from "./error.js";
import { domainOf } from "./reason.js";

/** The domain of the reasons that are not a service's own. */
export const DOMAIN = domainOf(file_souk_policy_v1_error_reason);

/** Makes the refusals whose reasons are not a service's own. */
export const refuse = refusals(ErrorReasonSchema);

/** The one common reason whose domain is that of the method. */
export const INVALID_FIELD = "ERROR_REASON_INVALID_FIELD";

export const unauthenticated = (message: string) => refuse(Reason.UNAUTHENTICATED, message);
export const deadlineExceeded = () => refuse(Reason.DEADLINE_EXCEEDED, "the deadline has passed");
export const draining = () => refuse(Reason.DRAINING, "this process is shutting down, retry");
export const unimplemented = (path: string) => refuse(Reason.UNIMPLEMENTED, `no method ${path} here`);

/** A caller may not call; the scopes are those that its token lacks. */
export function accessDenied(message: string, lacking: readonly string[] = []): Refusal {
  return refuse(Reason.ACCESS_DENIED, message, lacking.length === 0 ? {} : { scopes: lacking.join(",") });
}

/** A user reaches its own things only; `field` names a customer. */
export function otherCustomer(field: string): Refusal {
  const message = "a user reaches its own things only: leave the customer empty, or send `me`";
  return refuse(Reason.OTHER_CUSTOMER, message, {}, { details: [detail(BadRequestSchema, { fieldViolations: [{ field, description: message }] })] });
}

/** Callers of another kind may set the field. */
export function fieldNotAllowed(field: string, kinds: string): Refusal {
  const message = `${field} is for ${kinds} only: leave it out`;
  return refuse(Reason.FIELD_NOT_ALLOWED, message, { field }, { details: [detail(BadRequestSchema, { fieldViolations: [{ field, description: message }] })] });
}

/** A limit of the process, of a connection or of an address is reached; the message says which. */
export function overloaded(message: string): Refusal {
  return refuse(Reason.OVERLOADED, message, {}, { details: [detail(RetryInfoSchema, { retryDelay: { nanos: 100_000_000 } })] });
}

/** Streams last longer than other calls. */
export function tooManyStreams(message: string): Refusal {
  return refuse(Reason.TOO_MANY_STREAMS, message, {}, { details: [detail(RetryInfoSchema, { retryDelay: { seconds: 1n } })] });
}

export function messageTooLarge(size: number, most: number): Refusal {
  return refuse(Reason.MESSAGE_TOO_LARGE, `a message of ${size} bytes is too large, at most ${most} are allowed`);
}

export function headersTooLarge(size: number, most: number): Refusal {
  return refuse(Reason.HEADERS_TOO_LARGE, `the headers of the request have ${size} bytes, at most ${most} are allowed`);
}

export function unsupportedCompression(encoding: string): Refusal {
  const message = `the request is compressed with ${encoding}, but only identity is accepted`;
  return refuse(Reason.UNSUPPORTED_COMPRESSION, message, { accepted: "identity" });
}

/** A request that cannot be read. The field is a header, or empty for the message itself. */
export function malformed(domain: string, field: string, what: string): Refusal {
  return invalidField(domain, what, [{ field, description: what }]);
}

export function upstreamUnavailable(upstream: string, why: string): Refusal {
  return refuse(Reason.UPSTREAM_UNAVAILABLE, `${upstream} cannot be reached: ${why}`, { service: upstream });
}

/** One thing that is wrong with a request. */
export interface FieldViolation {
  /** The path of the field: `lines[0].price_id`. */
  field: string;
  /** What it must be: `must not be in the future`. */
  description: string;
}

/** A request that breaks its rules or cannot be read. The domain is that of the method. */
export function invalidField(domain: string, message: string, fieldViolations: FieldViolation[]): Refusal {
  const { policy } = refuse(Reason.INVALID_FIELD, message);
  return new Refusal({ ...policy, domain }, message, {}, { details: [detail(BadRequestSchema, { fieldViolations })] });
}

/** A page or resume token that was changed, or that belongs to another caller or filter; `field` holds it. */
export function invalidPageToken(field = "page_token"): Refusal {
  const message = `the ${field.replace("_", " ")} is not valid for this caller and this list`;
  const violations = [{ field, description: message }];
  return refuse(Reason.INVALID_PAGE_TOKEN, message, {}, { details: [detail(BadRequestSchema, { fieldViolations: violations })] });
}

/** Returns whether the code needs an operator's attention, so that its text is for us and not for the caller. */
export function isOurFault(code: Code): boolean {
  return code === Code.Internal || code === Code.Unknown || code === Code.DataLoss;
}

/** What a caller gets for an error, and what is logged. */
export interface ErrorResponse {
  error: ConnectError;
  refusal: Refusal;
  cause: string | undefined;
}

/** Converts any error into the response of a call: always with a reason; its text is hidden behind the trace id when it is our fault. */
export function errorResponse(thrown: unknown, traceId: string): ErrorResponse {
  const refusal = asRefusal(thrown);
  const isHidden = isOurFault(refusal.code);
  const message = isHidden ? "internal error" : refusal.message;
  const metadata = isHidden ? { trace_id: traceId } : refusal.metadata;
  const info = detail(ErrorInfoSchema, { reason: refusal.reason, domain: refusal.domain, metadata });
  const details = isHidden ? [info] : [info, ...refusal.details];
  const isForLog = isHidden || refusal.code === Code.Unavailable;
  return {
    error: new ConnectError(message, refusal.code, undefined, details),
    refusal,
    cause: isForLog ? withCauses(refusal) : undefined,
  };
}

function asRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  // An upstream that is away is no bug of ours; whatever else it answered, the method should have known what to do.
  if (thrown instanceof ConnectError && thrown.code === Code.Unavailable) {
    return refuse(Reason.UPSTREAM_UNAVAILABLE, "an upstream service does not respond", {}, { cause: thrown });
  }
  return refuse(Reason.INTERNAL, withCauses(thrown));
}
