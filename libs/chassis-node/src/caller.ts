/** Who calls: the four kinds of caller and what was verified about one. */

/** Who sent a request, after its token was verified. */
export class Caller {
  static readonly ANONYMOUS = new Caller("anonymous", "");

  private constructor(
    readonly kind: "anonymous" | "user" | "service" | "staff",
    /** The id behind the kind; empty when anonymous. */
    readonly id: string,
  ) {}

  static user(id: string): Caller {
    return new Caller("user", id);
  }

  static service(name: string): Caller {
    return new Caller("service", name);
  }

  static staff(id: string): Caller {
    return new Caller("staff", id);
  }

  /** Reads `user:ID`, `service:NAME`, `staff`, `staff:ID` or `anonymous`; undefined when the text names no caller. */
  static parse(text: string): Caller | undefined {
    const colon = text.indexOf(":");
    const [kind, id] = colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
    if (kind === "anonymous" && id === "") return Caller.ANONYMOUS;
    if (kind === "staff") return new Caller("staff", id === "" ? "staff" : id);
    if ((kind === "user" || kind === "service") && id !== "") return new Caller(kind, id);
    return undefined;
  }

  /** Returns `user:alice`, `service:orders`, `staff:ann` or `anonymous`: what idempotency records are kept by. */
  get key(): string {
    return this.kind === "anonymous" ? this.kind : `${this.kind}:${this.id}`;
  }

  toString(): string {
    return this.key;
  }
}

/** What a verified token says: the caller, and what it was given leave to do. */
export interface Identity {
  readonly caller: Caller;
  readonly scopes: readonly string[];
}
