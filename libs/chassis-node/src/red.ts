/** Rate, errors and duration of calls, by OpenTelemetry's RPC conventions, and the other metrics of the chassis. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

import { Code } from "./error.js";

/** The boundaries that OpenTelemetry advises for call durations, in seconds. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const CALL_LABELS = ["rpc_system_name", "rpc_method", "rpc_response_status_code", "error_type"] as const;

/** The metrics of one process. */
export class Metrics {
  readonly registry = new Registry();
  readonly #server = this.#calls("rpc_server_call_duration_seconds");
  readonly #client = this.#calls("rpc_client_call_duration_seconds");
  readonly workerFailures = this.counter("souk_worker_failures_total", "Workers that failed and were started again.", ["service", "worker"]);
  readonly eventsHandled = this.counter("souk_events_handled_total", "Events that were handled or refused.", ["subscription", "type", "outcome"]);
  readonly outboxPublished = this.counter("souk_outbox_published_total", "Events that the bus has taken.", ["service"]);
  readonly outboxRefused = this.counter("souk_outbox_refused_total", "Events that the bus will never take.", ["service"]);
  readonly eventsForeign = this.counter("souk_events_foreign_total", "Events dropped because their source does not own their type.", ["subscription", "type"]);
  readonly refused = this.counter("souk_refused_total", "What a limit refused, by the limit.", ["cap"]);
  readonly unlistedReasons = this.counter("souk_unlisted_reasons_total", "Errors whose reason the contract of the method does not list.", ["rpc_method", "reason"]);
  readonly wrongFacts = this.counter("souk_wrong_facts_total", "Errors whose facts are not those that the contract lists for the reason.", ["rpc_method", "reason"]);
  readonly unhandled = this.counter("souk_unhandled_rejections_total", "Promises that were rejected with nobody to hear.", []);
  readonly outboxOldest = new Gauge({
    name: "souk_outbox_oldest_seconds",
    help: "How long the oldest event has been waiting for the bus.",
    labelNames: ["service"],
    registers: [this.registry],
  });

  /** Returns how many there are, when read. */
  watch(name: string, help: string, count: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(count());
      },
    });
  }

  /** Counts a call that was served; without a code it went well. */
  served(method: string, code: Code | undefined, milliseconds: number): void {
    this.#server.observe(labels(method, code), milliseconds / 1000);
  }

  /** Counts a call that was made. */
  called(method: string, code: Code | undefined, milliseconds: number): void {
    this.#client.observe(labels(method, code), milliseconds / 1000);
  }

  counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #calls(name: string): Histogram<(typeof CALL_LABELS)[number]> {
    const help = "How long a call took, in seconds.";
    return new Histogram({ name, help, labelNames: [...CALL_LABELS], buckets: BOUNDARIES, registers: [this.registry] });
  }
}

function labels(method: string, code: Code | undefined) {
  const name = codeName(code);
  const common = { rpc_system_name: "grpc", rpc_method: method, rpc_response_status_code: name };
  return code === undefined ? common : { ...common, error_type: name };
}

/** Returns the code as it is written in logs and metrics: `NOT_FOUND`; `OK` without one. */
export function codeName(code: Code | undefined): string {
  // gRPC spells it with two l.
  if (code === Code.Canceled) return "CANCELLED";
  return code === undefined ? "OK" : Code[code].replace(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase();
}
