/** What the contract says of a method that concerns its callers: how long it may take, and whether it may be sent again. */
import { getOption, type DescMethod } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";

import { method as policyOption } from "./gen/souk/policy/v1/policy_pb.js";

/** The policy of one method. */
export interface CallPolicy {
  /** How long a call may take in milliseconds; undefined when the contract names no limit. */
  timeoutMs: number | undefined;
  /** Whether a call that failed with UNAVAILABLE may be sent again. */
  isRepeatable: boolean;
}

/** Reads the policy of a method of the contract. */
export function policyOf(method: DescMethod): CallPolicy {
  const { timeout } = getOption(method, policyOption);
  const isIdempotent = method.idempotency === Level.IDEMPOTENT || method.idempotency === Level.NO_SIDE_EFFECTS;
  return {
    timeoutMs: timeout === undefined ? undefined : durationMs(timeout),
    isRepeatable: isIdempotent && method.methodKind === "unary",
  };
}
