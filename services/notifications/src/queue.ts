/**
 * Queues of work: steps run one after another within a queue, and concurrently across queues. A queue runs while it has work;
 * waiting for a time holds no permit.
 */
import type { Clock } from "@souk/chassis";

/** Does the next piece of a queue's work. Returns when to run again: at once, at a time, or not before it is woken. */
export type Step = () => Promise<"again" | "idle" | Date>;

const AFTER_ERROR_MS = 1000;

/** Runs queues until the signal. */
export class Queues {
  readonly #clock: Clock;
  readonly #stop: AbortSignal;
  readonly #failed: (error: unknown) => void;
  readonly #queues = new Map<string, { running: Promise<void>; wake: () => void }>();
  #permits: number;
  readonly #waiting: (() => void)[] = [];

  /** `concurrent` is how many steps may run at the same time over all queues; `failed` is called when a step throws. */
  constructor(clock: Clock, stop: AbortSignal, concurrent: number, failed: (error: unknown) => void) {
    this.#clock = clock;
    this.#stop = stop;
    this.#permits = concurrent;
    this.#failed = failed;
  }

  /** Starts a queue that does not run; one that waits for a time runs its step now. */
  wake(name: string, step: Step): void {
    const queue = this.#queues.get(name);
    if (queue !== undefined) return queue.wake();
    if (this.#stop.aborted) return;
    const woken = new Waker();
    const running = this.#run(step, woken).finally(() => {
      this.#queues.delete(name);
      // Woken between its last step and its end.
      if (woken.isSet) this.wake(name, step);
    });
    this.#queues.set(name, { running, wake: () => woken.set() });
  }

  /** Waits until every queue has ended, which they do after the signal. */
  async ended(): Promise<void> {
    while (this.#queues.size > 0) await Promise.all([...this.#queues.values()].map(({ running }) => running));
  }

  async #run(step: Step, woken: Waker): Promise<void> {
    while (!this.#stop.aborted) {
      woken.clear();
      await this.#acquire();
      let next: Awaited<ReturnType<Step>>;
      try {
        next = this.#stop.aborted ? "idle" : await step();
      } catch (error) {
        // A full disk, for example. Nothing was recorded, so the step is retried as it was.
        this.#failed(error);
        next = new Date(this.#clock.now().getTime() + AFTER_ERROR_MS);
      } finally {
        this.#release();
      }
      if (next === "again" || woken.isSet) continue;
      if (next === "idle") return;
      await woken.orUntil(next, this.#clock, this.#stop);
    }
  }

  async #acquire(): Promise<void> {
    if (this.#permits > 0) this.#permits -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#permits += 1;
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
