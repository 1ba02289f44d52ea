/** Keeps background work running: starts again what fails, later every time, until the drain. */
import { Backoff } from "./backoff.js";
import { systemClock } from "./clock.js";
import { withCauses } from "./error.js";
import type { Logger } from "./log.js";
import type { Metrics } from "./red.js";

/** A worker that ran this long before failing starts again with the first pause. */
const HEALTHY_AFTER_MS = 60_000;

/** Work beside the requests: it ends when the signal is aborted, and is started again, later every time, when it throws. */
export interface Worker {
  name: string;
  run(drain: AbortSignal): Promise<void>;
}

/** Runs a worker until it ends well or the process drains. Never rejects. */
export async function keepRunning(service: string, worker: Worker, drain: AbortSignal, log: Logger, metrics: Metrics): Promise<void> {
  const backoff = new Backoff(100, 30_000);
  const fields = { service, worker: worker.name };
  while (!drain.aborted) {
    const started = performance.now();
    try {
      await worker.run(drain);
      if (!drain.aborted) log.info(fields, `worker ${service}/${worker.name} has finished`);
      return;
    } catch (error) {
      if (performance.now() - started >= HEALTHY_AFTER_MS) backoff.reset();
      const pause = Math.round(backoff.next());
      metrics.workerFailures.inc(fields);
      log.error(fields, `worker ${service}/${worker.name} failed and restarts in ${pause} ms: ${withCauses(error)}`);
      await systemClock.sleep(pause, drain);
    }
  }
}
