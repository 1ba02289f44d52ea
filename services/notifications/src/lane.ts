/**
 * Lanes: work that runs one after another within a lane, and side by side between lanes. A lane runs while it has work;
 * waiting for a time does not hold a place.
 */
import type { Clock } from "@souk/chassis";

/** Does the next piece of a lane's work. Answers when to come again: at once, at a time, or not before it is woken. */
export type Step = () => Promise<"again" | "idle" | Date>;

const AFTER_ERROR_MS = 1000;

/** Runs lanes until the signal. */
export class Lanes {
  readonly #clock: Clock;
  readonly #stop: AbortSignal;
  readonly #failed: (error: unknown) => void;
  readonly #lanes = new Map<string, { running: Promise<void>; wake: () => void }>();
  #free: number;
  readonly #queue: (() => void)[] = [];

  /** `atOnce` is how many steps may run at the same time over all lanes; `failed` is told of a step that threw. */
  constructor(clock: Clock, stop: AbortSignal, atOnce: number, failed: (error: unknown) => void) {
    this.#clock = clock;
    this.#stop = stop;
    this.#free = atOnce;
    this.#failed = failed;
  }

  /** Starts a lane that does not run, and lets one that waits for a time look again. */
  wake(name: string, step: Step): void {
    const lane = this.#lanes.get(name);
    if (lane !== undefined) return lane.wake();
    if (this.#stop.aborted) return;
    const woken = new Waker();
    const running = this.#run(step, woken).finally(() => {
      this.#lanes.delete(name);
      // Woken between its last look and its end.
      if (woken.isSet) this.wake(name, step);
    });
    this.#lanes.set(name, { running, wake: () => woken.set() });
  }

  /** Waits until every lane has ended, which they do after the signal. */
  async ended(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all([...this.#lanes.values()].map(({ running }) => running));
  }

  async #run(step: Step, woken: Waker): Promise<void> {
    while (!this.#stop.aborted) {
      woken.clear();
      await this.#take();
      let next: Awaited<ReturnType<Step>>;
      try {
        next = this.#stop.aborted ? "idle" : await step();
      } catch (error) {
        // A full disk, say. Nothing was recorded, so the step comes again as it was.
        this.#failed(error);
        next = new Date(this.#clock.now().getTime() + AFTER_ERROR_MS);
      } finally {
        this.#give();
      }
      if (next === "again" || woken.isSet) continue;
      if (next === "idle") return;
      await woken.orUntil(next, this.#clock, this.#stop);
    }
  }

  async #take(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  #give(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

class Waker {
  isSet = false;
  #wake: (() => void) | undefined;

  set(): void {
    this.isSet = true;
    this.#wake?.();
  }

  clear(): void {
    this.isSet = false;
  }

  async orUntil(time: Date, clock: Clock, stop: AbortSignal): Promise<void> {
    if (this.isSet) return;
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, stop]);
    this.#wake = () => controller.abort();
    try {
      await clock.sleep(Math.max(0, time.getTime() - clock.now().getTime()), signal);
    } finally {
      this.#wake = undefined;
    }
  }
}
