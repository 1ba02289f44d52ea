/** What can go wrong: one refusal for each public reason, with its facts. */
import {
  BadRequestSchema,
  RetryInfoSchema,
  detail,
  domainOf,
  invalidField as refuseField,
  invalidPageToken,
  refusals,
  refuse as refuseCommon,
  type Detail,
  type Refusal as ServiceRefusal,
} from "@souk/chassis";
import { ErrorReason as CommonReason } from "@souk/client/gen/souk/policy/v1/error_reason_pb.js";

import { ErrorReasonSchema, ErrorReason as Reason } from "./contract.js";

const refuse = refusals(ErrorReasonSchema);

/** The refusals of this service: reasons of its own contract, and those that every service has. */
export const Refusal = {
  etagMismatch: (etag: string) => refuseCommon(CommonReason.ETAG_MISMATCH, "it changed since its etag was read", { etag }),

  invalidResumeToken: () => invalidPageToken("resume_token"),

  endpointNotFound: (id: string) => refuse(Reason.ENDPOINT_NOT_FOUND, `webhook endpoint ${id} does not exist`, { endpoint_id: id }),

  tooManyEndpoints: (most: number) => refuse(Reason.TOO_MANY_ENDPOINTS, `an owner may have at most ${most} webhook endpoints`, { limit: String(most) }),

  targetRefused(problem: string): ServiceRefusal {
    const field = "endpoint.url";
    return refuse(Reason.TARGET_REFUSED, `${field}: cannot be a target: ${problem}`, { field, problem }, { details: [violation(field, problem)] });
  },

  endpointNotEnabled: (id: string) => refuse(Reason.ENDPOINT_NOT_ENABLED, `webhook endpoint ${id} is not enabled`, { endpoint_id: id }),

  deliveryNotFound: (id: string) => refuse(Reason.DELIVERY_NOT_FOUND, `delivery ${id} does not exist`, { delivery_id: id }),

  codeRefused(): ServiceRefusal {
    const message = "the code does not confirm the e-mail address: it is wrong, has expired, or was tried too often";
    return refuse(Reason.CODE_REFUSED, message, {}, { details: [violation("code", message)] });
  },

  tooManyConfirmations(most: number, waitMs: number): ServiceRefusal {
    const message = `at most ${most} confirmation e-mails per day are sent for a customer and to an address`;
    const retry = detail(RetryInfoSchema, { retryDelay: { seconds: BigInt(Math.ceil(waitMs / 1000)) } });
    return refuse(Reason.TOO_MANY_CONFIRMATIONS, message, { limit: String(most) }, { details: [retry] });
  },
};

/** Says that a field breaks a rule that the contract cannot write down. What it held is not repeated. */
export function invalidField(field: string, rule: string): ServiceRefusal {
  return refuseField(domainOf(ErrorReasonSchema.file), `field ${field} ${rule}`, [{ field, description: rule }]);
}

function violation(field: string, description: string): Detail {
  return detail(BadRequestSchema, { fieldViolations: [{ field, description }] });
}
