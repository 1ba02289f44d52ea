/** What a method throws to refuse a call: the one class of errors that callers see. */
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import type { GenEnum } from "@bufbuild/protobuf/codegenv2";
import type { Code } from "@connectrpc/connect";

import { reasonsOf, type ReasonPolicy } from "./reason.js";

export { Code } from "@connectrpc/connect";

/** A google.rpc message that goes with an error: its schema and its value. */
export interface Detail {
  desc: DescMessage;
  value: MessageInitShape<DescMessage>;
}

/** What a program needs to act on a refusal, under the keys that the contract lists for the reason. Sent in ErrorInfo. */
export type Facts = Readonly<Record<string, string>>;

/** The details of a refusal besides reason, text and metadata. */
export interface RefusalOptions {
  /** BadRequest, PreconditionFailure, RetryInfo and the like; see `detail`. */
  details?: readonly Detail[];
  /** What made it happen, for the log and not for the caller. */
  cause?: unknown;
}

/**
 * A refusal that the caller sees: a public reason, text and facts; see `refusals`. The text of INTERNAL, UNKNOWN and DATA_LOSS is
 * hidden all the same. Anything else that a method throws is INTERNAL.
 */
export class Refusal extends Error {
  readonly code: Code;
  /** The full name of a value of the domain's ErrorReason: `ERROR_REASON_OUT_OF_STOCK`. */
  readonly reason: string;
  readonly domain: string;
  readonly details: readonly Detail[];

  constructor(
    readonly policy: ReasonPolicy,
    message: string,
    readonly metadata: Facts = {},
    { details = [], cause }: RefusalOptions = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "Refusal";
    this.code = policy.code;
    this.reason = policy.name;
    this.domain = policy.domain;
    this.details = details;
  }
}

/** Makes a refusal for a reason of one package. Its code and its domain are those of the contract. */
export type Refuse<R> = (reason: R, message: string, facts?: Facts, options?: RefusalOptions) => Refusal;

/** Returns what makes the refusals of a package: `const refuse = refusals(ErrorReasonSchema)`. */
export function refusals<R extends number>(reasons: GenEnum<R>): Refuse<R> {
  const policies = reasonsOf(reasons);
  return (reason, message, facts, options) => {
    const policy = policies.get(reason);
    if (policy === undefined) throw new Error(`${reasons.typeName} has no reason ${reason}`);
    return new Refusal(policy, message, facts, options);
  };
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
