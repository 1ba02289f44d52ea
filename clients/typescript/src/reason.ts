/** What the contract says of the reason of a failure that concerns callers: whether the same request may be sent again. */
import { getOption } from "@bufbuild/protobuf";

import { REASONS } from "./gen/reasons.js";
import { ErrorReasonSchema as Common } from "./gen/souk/policy/v1/error_reason_pb.js";
import { Retry, reason as policyOption } from "./gen/souk/policy/v1/reason_pb.js";

/** Returns whether the same request may be sent again after a failure with this reason; UNKNOWN for one that the contract does not know. */
export function retryOf(domain: string, reason: string): Retry {
  // A domain is a package without its version. A broken field has the domain of the method, and is a reason of all services.
  const own = REASONS.filter(({ file }) => file.proto.package.replace(/\.v[^.]*$/, "") === domain)
    .flatMap(({ values }) => values)
    .find(({ name }) => name === reason);
  const value = own ?? Common.values.find(({ name }) => name === reason);
  return value === undefined ? Retry.UNKNOWN : getOption(value, policyOption).retry || Retry.NEVER;
}
