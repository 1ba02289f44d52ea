/** Who calls: the kinds of caller and what was verified about one. */
import { customerOf } from "@souk/client";

/** What a caller is. Users and guests are people who buy: the contract grants to both as USER. */
export type CallerKind = "anonymous" | "user" | "guest" | "service" | "staff";

/** Who sent a request, after its token was verified. */
export class Caller {
  static readonly ANONYMOUS = new Caller("anonymous", "", "");

  private constructor(
    readonly kind: CallerKind,
    /** The id behind the kind; empty when anonymous. */
    readonly id: string,
    /** The customer, `customer_…`, that owns what a user or guest does; empty for others. */
    readonly customer: string,
  ) {}

  /** A user who signed in. Unless it is given, the customer is derived from the name, as development tokens do. */
  static user(id: string, customer?: string): Caller {
    return new Caller("user", id, customer ?? customerOf(`user:${id}`));
  }

  /** A person without an account, by its session. */
  static guest(id: string, customer?: string): Caller {
    return new Caller("guest", id, customer ?? customerOf(`guest:${id}`));
  }

  static service(name: string): Caller {
    return new Caller("service", name, "");
  }

  static staff(id: string): Caller {
    return new Caller("staff", id, "");
  }

  /**
   * Reads `user:ID`, `guest:ID`, `service:NAME`, `staff`, `staff:ID` or `anonymous`; undefined when the text names no caller. The
   * customer of a person is derived from the text, unless it is given.
   */
  static parse(text: string, customer?: string): Caller | undefined {
    const colon = text.indexOf(":");
    const [kind, id] = colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
    if (kind === "anonymous" && id === "") return Caller.ANONYMOUS;
    if (kind === "staff") return Caller.staff(id === "" ? "staff" : id);
    if (id === "") return undefined;
    if (kind === "user") return Caller.user(id, customer);
    if (kind === "guest") return Caller.guest(id, customer);
    return kind === "service" ? Caller.service(id) : undefined;
  }

  /** Returns the subject: `user:alice`, `guest:x`, `service:orders`, `staff:ann` or `anonymous`. */
  get key(): string {
    return this.kind === "anonymous" ? this.kind : `${this.kind}:${this.id}`;
  }

  /**
   * Returns what idempotency records are kept by: the customer of a person, so that anyone who acts for the customer
   * finds them again; else the subject.
   */
  get owner(): string {
    return this.customer === "" ? this.key : this.customer;
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
