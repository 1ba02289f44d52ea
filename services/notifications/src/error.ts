/** What can go wrong: one refusal for each public reason, with its code. */
import { BadRequestSchema, Code, Refusal as Told, RetryInfoSchema, detail, type Detail } from "@souk/chassis";

import { Channel, ErrorReason as Reason, NotificationKind } from "./contract.js";

/** The package whose `ErrorReason` the reasons are of. */
export const DOMAIN = "souk.notifications.v1";
/** The reasons that every service has. */
const POLICY = "souk.policy.v1";

/** A refusal with a reason of this service's contract. */
export class Refusal extends Told {
  private constructor(code: Code, reason: Reason, message: string, metadata: Record<string, string> = {}, details: Detail[] = []) {
    super(code, reasonName(reason), message, { domain: DOMAIN, metadata, details });
  }

  static otherAccount(): Refusal {
    return new Refusal(Code.PermissionDenied, Reason.OTHER_ACCOUNT, "a user may name its own account only");
  }

  static noAccount(): Refusal {
    return new Refusal(Code.InvalidArgument, Reason.NO_ACCOUNT, "an account_id is needed");
  }

  static etagMismatch(etag: string): Refusal {
    return new Refusal(Code.Aborted, Reason.ETAG_MISMATCH, "it has changed since its etag was read", { etag });
  }

  static unknownLocale(locale: string): Refusal {
    return new Refusal(Code.InvalidArgument, Reason.UNKNOWN_LOCALE, `${locale} is no locale`, { locale });
  }

  static emptyField(field: string): Refusal {
    return new Refusal(Code.InvalidArgument, Reason.EMPTY_FIELD, `${field} is in the mask and empty`, { field });
  }

  static kindRepeated(kind: NotificationKind): Refusal {
    const name = `NOTIFICATION_KIND_${NotificationKind[kind]}`;
    return new Refusal(Code.InvalidArgument, Reason.KIND_REPEATED, `${name} stands twice`, { kind: name });
  }

  static endpointNotFound(id: string): Refusal {
    return new Refusal(Code.NotFound, Reason.ENDPOINT_NOT_FOUND, `webhook endpoint ${id} does not exist`, { endpoint_id: id });
  }

  static tooManyEndpoints(most: number): Refusal {
    const message = `an owner may have ${most} webhook endpoints`;
    return new Refusal(Code.ResourceExhausted, Reason.TOO_MANY_ENDPOINTS, message, { most: String(most) });
  }

  static targetRefused(problem: string): Refusal {
    const message = `field url cannot be a target: ${problem}`;
    return new Refusal(Code.InvalidArgument, Reason.TARGET_REFUSED, message, { field: "url", problem }, [violation("url", problem)]);
  }

  static deliveryNotFound(id: string): Refusal {
    return new Refusal(Code.NotFound, Reason.DELIVERY_NOT_FOUND, `no dead delivery ${id} exists`, { delivery_id: id });
  }

  static endpointNotEnabled(id: string): Refusal {
    const message = `webhook endpoint ${id} is not enabled`;
    return new Refusal(Code.FailedPrecondition, Reason.ENDPOINT_NOT_ENABLED, message, { endpoint_id: id });
  }

  static invalidResumeToken(): Refusal {
    const message = "the resume token was changed or is another account's";
    return new Refusal(Code.InvalidArgument, Reason.INVALID_RESUME_TOKEN, message);
  }

  static codeRefused(): Refusal {
    const message = "the code does not confirm the e-mail address: it is another one, has expired, or was tried too often";
    return new Refusal(Code.InvalidArgument, Reason.CODE_REFUSED, message, {}, [violation("code", message)]);
  }

  static tooManyConfirmations(most: number, waitMs: number): Refusal {
    const message = `at most ${most} confirmations within a day may be asked for by an account and for an address`;
    const retry = detail(RetryInfoSchema, { retryDelay: { seconds: BigInt(Math.ceil(waitMs / 1000)) } });
    return new Refusal(Code.ResourceExhausted, Reason.TOO_MANY_CONFIRMATIONS, message, { most: String(most) }, [retry]);
  }

  static noTemplate(kind: NotificationKind, channel: Channel): Refusal {
    const names = { kind: `NOTIFICATION_KIND_${NotificationKind[kind]}`, channel: `CHANNEL_${Channel[channel]}` };
    return new Refusal(Code.InvalidArgument, Reason.NO_TEMPLATE, `${names.kind} has no template for ${names.channel}`, names);
  }
}


/** Says that a field breaks a rule that the contract cannot write down. What it held is not repeated. */
export function invalidField(field: string, rule: string): Told {
  const details = [violation(field, rule)];
  return new Told(Code.InvalidArgument, "ERROR_REASON_INVALID_FIELD", `field ${field} ${rule}`, { domain: DOMAIN, details });
}

/** Says that a page token was changed or belongs to another caller or filter. */
export function invalidPageToken(): Told {
  const message = "the page token is not valid for this caller and this list";
  const details = [violation("page_token", message)];
  return new Told(Code.InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN", message, { domain: POLICY, details });
}

function violation(field: string, description: string): Detail {
  return detail(BadRequestSchema, { fieldViolations: [{ field, description }] });
}

/** Returns the full name of a reason, as it stands in ErrorInfo. */
function reasonName(reason: Reason): string {
  return `ERROR_REASON_${Reason[reason]}`;
}
