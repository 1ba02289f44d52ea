/** W3C trace context: read from a request, handed on with every call made for it. */
import { randomBytes } from "node:crypto";

const PATTERN = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The position of a request in its trace. Ids are lower case hexadecimal. */
export class Trace {
  constructor(
    /** The same for everything that one request from outside set off. */
    readonly id: string,
    /** The part of it that this process does. */
    readonly span: string,
    /** The caller's part; empty when the trace starts here. */
    readonly parent: string,
    readonly flags: number,
    readonly state: string | undefined,
  ) {}

  static start(): Trace {
    return new Trace(random(16), random(8), "", 1, undefined);
  }

  /** Goes on with the trace of an arriving request or event, or starts one when it has none or an unreadable one. */
  static following(traceparent: string | undefined, state?: string): Trace {
    const [, version = "", id = "", parent = "", flags = "", rest] = PATTERN.exec(traceparent ?? "") ?? [];
    // Zero ids are invalid, and version 00 is no longer than it is (W3C Trace Context §3.2).
    if (id === "" || /^0*$/.test(id) || /^0*$/.test(parent) || (version === "00" && rest !== undefined)) return Trace.start();
    return new Trace(id, random(8), parent, Number.parseInt(flags, 16), state);
  }

  /** Returns the part of the trace that a call made from here is. */
  child(): Trace {
    return new Trace(this.id, random(8), this.span, this.flags, this.state);
  }

  /** Returns the same position in a trace under ids that another process chose. */
  with(id: string, span: string): Trace {
    return new Trace(id, span, this.parent, this.flags, this.state);
  }

  /** Returns the `traceparent` of what this part of the trace sets off. */
  get traceparent(): string {
    return `00-${this.id}-${this.span}-${this.flags.toString(16).padStart(2, "0")}`;
  }
}

function random(bytes: number): string {
  for (;;) {
    const text = randomBytes(bytes).toString("hex");
    if (!/^0*$/.test(text)) return text;
  }
}
