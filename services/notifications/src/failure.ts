/** Why an attempt failed: words that do not change and say nothing of what the receiver wrote, so that they may be kept and logged. */
export class Failure extends Error {
  /** True when another attempt can never succeed. */
  readonly isFinal: boolean;
  /** True when the receiver says that it will never take anything again. */
  readonly isGone: boolean;
  /** True when the receiver refuses this event and may take others. */
  readonly isRefusal: boolean;
  /** True when nothing was tried, because of something on our side: it says nothing of the receiver. */
  readonly isOurs: boolean;
  /** How long the receiver asks us to wait, in milliseconds. */
  readonly retryAfter: number;

  /** `word` is a word and a number: `http 503`, `smtp 550`, `timeout`. */
  constructor(word: string, options: { isFinal?: boolean; isGone?: boolean; isRefusal?: boolean; isOurs?: boolean; retryAfter?: number } = {}) {
    super(word);
    this.name = "Failure";
    this.isFinal = options.isFinal ?? false;
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
