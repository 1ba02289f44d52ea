/** What a service is given to build itself with: its name, its folder, its upstreams. */
import type { Transport } from "@connectrpc/connect";
import type { Logger } from "pino";
import type { Registry } from "prom-client";

import type { Clock } from "./clock.js";

/** The process as its service sees it. */
export interface Host {
  readonly name: string;
  /** The folder for everything that is written; it is there. */
  readonly dataDir: string;
  readonly clock: Clock;
  /** Aborted when the process begins to stop. */
  readonly drain: AbortSignal;
  /** Writes log lines: `host.log.info({ "order.id": id }, "placed order")`. */
  readonly log: Logger;
  /** The metrics of the process, shown on /metrics: `new Counter({ name, help, registers: [host.metrics] })`. */
  readonly metrics: Registry;
  /**
   * Returns the way to an upstream: `createClient(EventService, host.channel("events"))`. Calls are
   * made as this service, with the scopes of the setting `identity.scopes`; deadline, criticality
   * and trace of the present request go with them; what the contract calls repeatable is retried
   * when the upstream is UNAVAILABLE. Calls to a name that no address is configured for are
   * UNAVAILABLE.
   */
  channel(upstream: string): Transport;
}
