/** How long to wait before something that failed is tried again. */

/** Pauses that double with each failure up to a limit, each shortened at random by up to half so that replicas spread. */
export class Backoff {
  #failures = 0;

  /** In milliseconds. */
  constructor(
    private readonly first = 50,
    private readonly longest = 5000,
  ) {}

  /** Returns the pause after one more failure, in milliseconds. */
  next(): number {
    const pause = Math.min(this.first * 2 ** Math.min(this.#failures, 20), this.longest);
    this.#failures += 1;
    return pause * (0.5 + Math.random() / 2);
  }

  /** Whether the last try failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Starts over after a success. */
  reset(): void {
    this.#failures = 0;
  }
}
