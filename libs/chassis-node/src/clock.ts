/** Time as an argument. */

/** Returns the time, and waits. Services take it from their host; tests move one by hand (`ManualClock` of ./testing). */
export interface Clock {
  now(): Date;
  /** Returns after `milliseconds`, or as soon as the signal is aborted. Never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The longest timer that Node.js can set; a longer sleep is one of several. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The time of the system. */
export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(milliseconds, signal) {
    const end = performance.now() + milliseconds;
    for (let left = milliseconds; left > 0 && !signal?.aborted; left = end - performance.now()) {
      await pause(Math.min(left, LONGEST_TIMER), signal);
    }
  },
};

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done, { once: true });
  });
}
