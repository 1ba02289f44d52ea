/** What a method throws to refuse a call: the one class of errors that a caller is told about. */
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";

export { Code } from "@connectrpc/connect";

/** A google.rpc message that goes with an error: its schema and its value. */
export interface Detail {
  desc: DescMessage;
  value: MessageInitShape<DescMessage>;
}

/** What a refusal says besides code, reason and text. */
export interface RefusalOptions {
  /** The package that defines the reason: `souk.notifications.v1`. */
  domain: string;
  /** What a program needs to act on the error; it stands in ErrorInfo. */
  metadata?: Record<string, string>;
  /** BadRequest, PreconditionFailure, RetryInfo and the like; see `detail`. */
  details?: readonly Detail[];
  /** What made it happen, for the log and not for the caller. */
  cause?: unknown;
}

/**
 * A refusal that the caller is told: gRPC code, public reason, text and facts. The text of INTERNAL, UNKNOWN and DATA_LOSS is
 * hidden all the same. Anything else that a method throws is INTERNAL.
 */
export class Refusal extends Error {
  readonly code: Code;
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Record<string, string>;
  readonly details: readonly Detail[];

  /** `reason` is the full name of a value of the domain's ErrorReason: `ERROR_REASON_OUT_OF_STOCK`. */
  constructor(code: Code, reason: string, message: string, options: RefusalOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Refusal";
    this.code = code;
    this.reason = reason;
    this.domain = options.domain;
    this.metadata = options.metadata ?? {};
    this.details = options.details ?? [];
  }
}

/** Says that an event can never be handled: it becomes a dead letter at once. */
export class Poison extends Error {}

/** Returns a detail with its types checked: `detail(BadRequestSchema, { fieldViolations: […] })`. */
export function detail<D extends DescMessage>(desc: D, value: MessageInitShape<D>): Detail {
  return { desc, value };
}

/** Returns the text of an error with what caused it. */
export function withCauses(error: unknown): string {
  let text = error instanceof Error ? error.message || error.name : String(error);
  let cause = error instanceof Error ? error.cause : undefined;
  for (let depth = 0; cause !== undefined && depth < 10; depth++) {
    const next = cause instanceof Error ? cause.message : String(cause);
    if (next !== "" && !text.includes(next)) text += `: ${next}`;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return text;
}
