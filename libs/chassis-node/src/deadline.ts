/** Until when an answer is of use, and how it travels in the `grpc-timeout` header. */

const LONGEST_MS = 180 * 24 * 3600 * 1000;
const UNITS: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** The instant at which the caller stops waiting. */
export class Deadline {
  static readonly #never = new Deadline(Infinity);

  /** In milliseconds of the monotonic clock. */
  private constructor(private readonly at: number) {}

  static never(): Deadline {
    return Deadline.#never;
  }

  /** Returns the deadline `milliseconds` after `start`; longer than half a year counts as none. */
  static after(milliseconds: number, start = performance.now()): Deadline {
    return milliseconds > LONGEST_MS ? Deadline.never() : new Deadline(start + milliseconds);
  }

  /** Returns the milliseconds that are left; zero once it has passed. */
  remaining(): number {
    return Math.max(0, this.at - performance.now());
  }

  get isNever(): boolean {
    return this.at === Infinity;
  }

  get hasPassed(): boolean {
    return this.remaining() === 0;
  }

  earlier(other: Deadline): Deadline {
    return this.at <= other.at ? this : other;
  }

  /** Calls `passed` at the deadline; returns what calls it off. */
  watch(passed: () => void): () => void {
    if (this.isNever) return () => undefined;
    let timer: NodeJS.Timeout;
    const arm = () => {
      const left = this.remaining();
      if (left === 0) return passed();
      // A timer may fire early, and cannot be longer than 24 days.
      timer = setTimeout(arm, Math.min(Math.ceil(left), 2 ** 31 - 1));
    };
    timer = setTimeout(arm, Math.min(Math.ceil(this.remaining()), 2 ** 31 - 1));
    return () => clearTimeout(timer);
  }
}

/** Returns the milliseconds that a `grpc-timeout` asks for; undefined without one, and when it cannot be read. */
export function timeoutAsked(header: string | undefined): number | undefined {
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(header ?? "");
  return match === null ? undefined : Number(match[1]) * (UNITS[match[2] ?? ""] ?? 0);
}
