/** Whether the process can do its work: kept on a board, served over grpc.health.v1 (Check, List, Watch) and /readyz. */
import { EventEmitter, once } from "node:events";

import type { Context } from "./context.js";
import { Code, Refusal } from "./error.js";
import { Health, HealthCheckResponse_ServingStatus as Status, type HealthCheckRequest } from "./gen/grpc/health/v1/health_pb.js";
import type { Logger } from "./log.js";
import { unimplemented } from "./refusal.js";
import { systemClock } from "./clock.js";
import type { Service } from "./service.js";

/** How often the service is asked whether it is ready. */
const EVERY_MS = 1000;
/** A check that takes longer counts as failed. */
const CHECK_TIMEOUT_MS = 2000;

/** The status of every gRPC service of the process. All are ready, or none is. */
export class Board {
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #isReady = false;
  #isStopped = false;
  /** Why it is not ready, if it said so. */
  why = "";

  constructor(private readonly names: readonly string[]) {}

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Returns whether that was new. */
  set(isReady: boolean): boolean {
    if (this.#isStopped || this.#isReady === isReady) return false;
    this.#isReady = isReady;
    this.#changes.emit("change");
    return true;
  }

  /** Says of everything that it does not serve; the drain begins with it. */
  stop(): void {
    this.set(false);
    this.#isStopped = true;
  }

  status(name: string): Status | undefined {
    if (name !== "" && !this.names.includes(name)) return undefined;
    return this.#isReady ? Status.SERVING : Status.NOT_SERVING;
  }

  /** Adds grpc.health.v1 to what a process serves. */
  addTo(service: Service): Service {
    return service.rpc(Health, {
      check: ({ service: name }) => {
        const status = this.status(name);
        if (status !== undefined) return { status };
        // The standard names the code.
        const { policy } = unimplemented(name);
        throw new Refusal({ ...policy, code: Code.NotFound }, `no service ${name} runs here`);
      },
      list: () => ({
        statuses: Object.fromEntries(["", ...this.names].map((name) => [name, { status: this.status(name) ?? Status.UNKNOWN }])),
      }),
      watch: (request, context) => this.#watch(request, context),
    });
  }

  async *#watch({ service: name }: HealthCheckRequest, { signal }: Context) {
    let last: Status | undefined;
    while (!signal.aborted) {
      const status = this.status(name) ?? Status.SERVICE_UNKNOWN;
      if (status !== last) {
        last = status;
        yield { status };
        // It may have changed while the answer was on its way.
        continue;
      }
      await once(this.#changes, "change", { signal }).catch(() => undefined);
    }
  }
}

/** Asks the service whether it is ready, once and then all the time until the drain. */
export async function follow(name: string, service: Service, board: Board, log: Logger, drain: AbortSignal): Promise<void> {
  while (!drain.aborted) {
    const problem = await check(service);
    if (drain.aborted) return;
    board.why = problem === undefined ? "" : `${name}: ${problem}\n`;
    if (board.set(problem === undefined)) {
      if (problem === undefined) log.info({ service: name }, `${name} is ready`);
      else log.warn({ service: name }, `${name} is not ready: ${problem}`);
    }
    await systemClock.sleep(EVERY_MS, drain);
  }
}

async function check(service: Service): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no response within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([Promise.resolve().then(() => service.isReady()), timeout]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
