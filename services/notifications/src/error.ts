/** What can go wrong: one refusal for each public reason, with its facts. */
import { BadRequestSchema, RetryInfoSchema, detail, invalidField as refuseField, refusals, type Detail, type Refusal as ServiceRefusal } from "@souk/chassis";

import { Channel, ErrorReasonSchema, NotificationKind, ErrorReason as Reason, file_souk_notifications_v1_error_reason as CONTRACT } from "./contract.js";

const refuse = refusals(ErrorReasonSchema);

/** The refusals with a reason of this service's contract. */
export const Refusal = {
  otherAccount: () => refuse(Reason.OTHER_ACCOUNT, "a user may name its own account only"),

  noAccount: () => refuse(Reason.NO_ACCOUNT, "an account_id is needed"),

  etagMismatch: (etag: string) => refuse(Reason.ETAG_MISMATCH, "it changed since its etag was read", { etag }),

  unknownLocale: (locale: string) => refuse(Reason.UNKNOWN_LOCALE, `${locale} is not a supported locale`, { locale }),

  emptyField: (field: string) => refuse(Reason.EMPTY_FIELD, `${field} is in the mask but empty`, { field }),

  kindRepeated(kind: NotificationKind): ServiceRefusal {
    const name = `NOTIFICATION_KIND_${NotificationKind[kind]}`;
    return refuse(Reason.KIND_REPEATED, `${name} appears more than once`, { kind: name });
  },

  endpointNotFound: (id: string) => refuse(Reason.ENDPOINT_NOT_FOUND, `webhook endpoint ${id} does not exist`, { endpoint_id: id }),

  tooManyEndpoints: (most: number) => refuse(Reason.TOO_MANY_ENDPOINTS, `an owner may have at most ${most} webhook endpoints`, { most: String(most) }),

  targetRefused(problem: string): ServiceRefusal {
    const details = [violation("url", problem)];
    return refuse(Reason.TARGET_REFUSED, `field url cannot be a target: ${problem}`, { field: "url", problem }, { details });
  },

  deliveryNotFound: (id: string) => refuse(Reason.DELIVERY_NOT_FOUND, `no dead delivery ${id} exists`, { delivery_id: id }),

  endpointNotEnabled: (id: string) => refuse(Reason.ENDPOINT_NOT_ENABLED, `webhook endpoint ${id} is not enabled`, { endpoint_id: id }),

  invalidResumeToken: () => refuse(Reason.INVALID_RESUME_TOKEN, "the resume token was changed or belongs to another account"),

  codeRefused(): ServiceRefusal {
    const message = "the code does not confirm the e-mail address: it is wrong, has expired, or was tried too often";
    return refuse(Reason.CODE_REFUSED, message, {}, { details: [violation("code", message)] });
  },

  tooManyConfirmations(most: number, waitMs: number): ServiceRefusal {
    const message = `at most ${most} confirmation e-mails per day are sent for an account and to an address`;
    const retry = detail(RetryInfoSchema, { retryDelay: { seconds: BigInt(Math.ceil(waitMs / 1000)) } });
    return refuse(Reason.TOO_MANY_CONFIRMATIONS, message, { most: String(most) }, { details: [retry] });
  },

  noTemplate(kind: NotificationKind, channel: Channel): ServiceRefusal {
    const names = { kind: `NOTIFICATION_KIND_${NotificationKind[kind]}`, channel: `CHANNEL_${Channel[channel]}` };
    return refuse(Reason.NO_TEMPLATE, `${names.kind} has no template for ${names.channel}`, names);
  },
};

/** Says that a field breaks a rule that the contract cannot write down. What it held is not repeated. */
export function invalidField(field: string, rule: string): ServiceRefusal {
  return refuseField(CONTRACT.proto.package, `field ${field} ${rule}`, [{ field, description: rule }]);
}

function violation(field: string, description: string): Detail {
  return detail(BadRequestSchema, { fieldViolations: [{ field, description }] });
}
