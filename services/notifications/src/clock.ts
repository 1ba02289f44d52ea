/** Time as an argument. */
export interface Clock {
  now: () => Date;
  /** Returns after so many milliseconds, or as soon as the signal is aborted. Never throws. */
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}
