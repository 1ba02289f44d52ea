/** Why an attempt failed: words that do not change and say nothing of what the receiver wrote, so that they may be kept and logged. */
import { NotificationDeliveryFailure as Kind } from "./contract.js";

/** Why an attempt failed. */
export class Failure extends Error {
  /** True when another attempt can never succeed. */
  readonly isFinal: boolean;
  /** True when there is nowhere to send it, which is no fault of anyone. */
  readonly isSkip: boolean;
  /** True when the receiver says that it will never take anything again. */
  readonly isGone: boolean;
  /** True when the receiver refuses this event and may take others. */
  readonly isRefusal: boolean;
  /** True when nothing was tried, because of something on our side: it says nothing of the receiver. */
  readonly isOurs: boolean;
  /** How long the receiver asks us to wait, in milliseconds. */
  readonly retryAfter: number;

  /** `word` is a word and a number: `http 503`, `smtp 550`, `timeout`. */
  constructor(word: string, options: { isFinal?: boolean; isSkip?: boolean; isGone?: boolean; isRefusal?: boolean; isOurs?: boolean; retryAfter?: number } = {}) {
    super(word);
    this.name = "Failure";
    this.isFinal = options.isFinal ?? false;
    this.isSkip = options.isSkip ?? false;
    this.isGone = options.isGone ?? false;
    this.isRefusal = options.isRefusal ?? false;
    this.isOurs = options.isOurs ?? false;
    this.retryAfter = options.retryAfter ?? 0;
  }
}

/** Returns the error as a Failure; an unexpected one is `failed`. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const code = (error as { code?: unknown }).code;
  // Node's and OpenSSL's codes are fixed words without data: ECONNREFUSED, CERT_HAS_EXPIRED.
  return new Failure(typeof code === "string" && /^[A-Z0-9_]{1,60}$/.test(code) ? code.toLowerCase() : "failed");
}

const KINDS: ReadonlyMap<string, Kind> = new Map([
  ["", Kind.UNSPECIFIED],
  ["timeout", Kind.TIMEOUT],
  ["etimedout", Kind.TIMEOUT],
  ["smtp etimedout", Kind.TIMEOUT],
  ["refused address", Kind.TARGET_REFUSED],
  ["endpoint disabled", Kind.ENDPOINT_DISABLED],
  // As it was called when an owner paused an endpoint.
  ["endpoint paused", Kind.ENDPOINT_DISABLED],
  ["no address", Kind.NO_EMAIL_ADDRESS],
  ["address not confirmed", Kind.EMAIL_ADDRESS_NOT_CONFIRMED],
  ["nothing to confirm", Kind.OBSOLETE],
  ["no notification", Kind.OBSOLETE],
  ["unreadable event", Kind.EVENT_UNREADABLE],
  ["sealed with another key", Kind.INTERNAL],
  ["failed", Kind.INTERNAL],
]);

/** Returns the word of a failure as the contract says it: what failed, the code of the receiver if there is one, and the word. */
export function describe(word: string): { failure: Kind; failureCode: number; failureDetail: string } {
  const [, protocol, code] = /^(http|smtp) ([0-9]{1,4})$/.exec(word) ?? [];
  if (code !== undefined) {
    return { failure: protocol === "http" ? Kind.HTTP_STATUS : Kind.SMTP_REPLY, failureCode: Number(code), failureDetail: word };
  }
  if (word.startsWith("orders ")) return { failure: Kind.ORDER_UNREADABLE, failureCode: 0, failureDetail: word };
  // What is left are the words of sockets, of TLS and of the look-up of a name.
  return { failure: KINDS.get(word) ?? Kind.UNREACHABLE, failureCode: 0, failureDetail: word };
}
