/** What all requests of a process share. */
import type { Clock } from "./clock.js";
import type { DecodingBudget } from "./decoding.js";
import type { Limits } from "./limits.js";
import type { Logger } from "./log.js";
import type { Served } from "./methods.js";
import type { Metrics } from "./red.js";
import type { Spans } from "./spans.js";

export interface Process {
  methods: ReadonlyMap<string, Served>;
  identityKey: string;
  /** Development tokens are good on loopback addresses only. */
  isLoopback: boolean;
  clock: Clock;
  decoding: DecodingBudget;
  limits: Limits;
  metrics: Metrics;
  log: Logger;
  spans: Spans | undefined;
  drain: AbortSignal;
}
