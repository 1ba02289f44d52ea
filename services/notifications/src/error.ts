/** What can go wrong: one refusal for each public reason, with its code. */
import { Channel, ErrorReason as Reason, NotificationKind } from "./contract.js";

/** The gRPC codes that this service answers with. */
export enum Code {
  INVALID_ARGUMENT = 3,
  NOT_FOUND = 5,
  PERMISSION_DENIED = 7,
  RESOURCE_EXHAUSTED = 8,
  FAILED_PRECONDITION = 9,
  ABORTED = 10,
}

/** The package whose `ErrorReason` the reasons are of. */
export const DOMAIN = "souk.notifications.v1";

/** A refusal that the caller is told. */
export class Refusal extends Error {
  readonly code: Code;
  readonly reason: Reason;
  readonly metadata: Record<string, string>;
  /** The field that must be corrected; empty when it is not about one. */
  readonly field: string;

  private constructor(code: Code, reason: Reason, message: string, metadata: Record<string, string> = {}, field = "") {
    super(message);
    this.name = "Refusal";
    this.code = code;
    this.reason = reason;
    this.metadata = metadata;
    this.field = field;
  }

  /** The full name of the reason, as it stands in ErrorInfo. */
  get reasonName(): string {
    return `ERROR_REASON_${Reason[this.reason]}`;
  }

  static otherAccount(): Refusal {
    return new Refusal(Code.PERMISSION_DENIED, Reason.OTHER_ACCOUNT, "a user may name its own account only");
  }

  static noAccount(): Refusal {
    return new Refusal(Code.INVALID_ARGUMENT, Reason.NO_ACCOUNT, "an account_id is needed", {}, "account_id");
  }

  static etagMismatch(etag: string): Refusal {
    return new Refusal(Code.ABORTED, Reason.ETAG_MISMATCH, "it has changed since its etag was read", { etag });
  }

  static unknownLocale(locale: string): Refusal {
    return new Refusal(Code.INVALID_ARGUMENT, Reason.UNKNOWN_LOCALE, `${locale} is no locale`, { locale }, "locale");
  }

  static emptyField(field: string): Refusal {
    return new Refusal(Code.INVALID_ARGUMENT, Reason.EMPTY_FIELD, `${field} is in the mask and empty`, { field }, field);
  }

  static kindRepeated(kind: NotificationKind): Refusal {
    const name = `NOTIFICATION_KIND_${NotificationKind[kind]}`;
    return new Refusal(Code.INVALID_ARGUMENT, Reason.KIND_REPEATED, `${name} stands twice`, { kind: name }, "kinds");
  }

  static endpointNotFound(id: string): Refusal {
    return new Refusal(Code.NOT_FOUND, Reason.ENDPOINT_NOT_FOUND, `webhook endpoint ${id} does not exist`, { endpoint_id: id });
  }

  static tooManyEndpoints(most: number): Refusal {
    const message = `an owner may have ${most} webhook endpoints`;
    return new Refusal(Code.RESOURCE_EXHAUSTED, Reason.TOO_MANY_ENDPOINTS, message, { most: String(most) });
  }

  static targetRefused(problem: string): Refusal {
    return new Refusal(Code.INVALID_ARGUMENT, Reason.TARGET_REFUSED, `the url cannot be a target: ${problem}`, { problem }, "url");
  }

  static deliveryNotFound(id: string): Refusal {
    return new Refusal(Code.NOT_FOUND, Reason.DELIVERY_NOT_FOUND, `no dead delivery ${id} exists`, { delivery_id: id });
  }

  static endpointNotEnabled(id: string): Refusal {
    const message = `webhook endpoint ${id} is not enabled`;
    return new Refusal(Code.FAILED_PRECONDITION, Reason.ENDPOINT_NOT_ENABLED, message, { endpoint_id: id });
  }

  static invalidResumeToken(): Refusal {
    const message = "the resume token was changed or is another account's";
    return new Refusal(Code.INVALID_ARGUMENT, Reason.INVALID_RESUME_TOKEN, message, {}, "resume_token");
  }

  static noTemplate(kind: NotificationKind, channel: Channel): Refusal {
    const names = { kind: `NOTIFICATION_KIND_${NotificationKind[kind]}`, channel: `CHANNEL_${Channel[channel]}` };
    return new Refusal(Code.INVALID_ARGUMENT, Reason.NO_TEMPLATE, `${names.kind} has no template for ${names.channel}`, names, "channel");
  }
}

/** Says that a page token was changed or belongs to another caller or filter. */
export class InvalidPageToken extends Error {
  constructor() {
    super("the page token was changed, or belongs to another caller or another filter");
  }
}
