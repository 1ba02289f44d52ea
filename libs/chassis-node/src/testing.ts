/** For tests of services: a running service on ports of its own, a bus, a clock moved by hand, waiting with a limit. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Clock } from "./clock.js";
import type { Ending } from "./test_service.js";

export { Bus } from "./bus.js";
export { serveFor, startFor, transportTo, unlisted, type Ending, type TestService } from "./test_service.js";

/** A clock that is moved by hand. */
export class ManualClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<{ until: number; wake: () => void }>();

  constructor(now: Date = new Date("2026-03-01T12:00:00Z")) {
    this.#now = now.getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper = { until: this.#now + milliseconds, wake: resolve };
      this.#sleepers.add(sleeper);
      const wake = () => {
        this.#sleepers.delete(sleeper);
        resolve();
      };
      if (signal?.aborted === true) wake();
      signal?.addEventListener("abort", wake, { once: true });
      this.advance(0);
    });
  }

  /** Moves time on, and wakes those who slept until then. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
    for (const sleeper of this.#sleepers) {
      if (sleeper.until > this.#now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }

  /** How long each that sleeps now will still sleep, in milliseconds, the shortest first. */
  get sleeping(): number[] {
    return [...this.#sleepers].map(({ until }) => until - this.#now).sort((one, other) => one - other);
  }
}

/** Makes a folder that goes away with the test. */
export function folder(t: Ending): string {
  const path = mkdtempSync(join(tmpdir(), "souk-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Waits until `look` answers something that is not undefined, null or false, for at most thirty seconds. */
export async function eventually<T>(look: () => T | Promise<T>, what = "it"): Promise<NonNullable<Exclude<T, false>>> {
  const end = performance.now() + 30_000;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const found = await look();
      if (found !== undefined && found !== false && found !== null) return found as NonNullable<Exclude<T, false>>;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${what} did not happen within thirty seconds`, { cause: last });
}
