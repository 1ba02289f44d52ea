/** A service that runs: started from its definition, until it is drained. */
import { setMaxListeners } from "node:events";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { BlockList, isIPv6, type AddressInfo } from "node:net";
import { dirname, resolve } from "node:path";

import type { Transport } from "@connectrpc/connect";

import { channel, type Outgoing } from "./channel.js";
import { systemClock, type Clock } from "./clock.js";
import { load, type Settings, type Sources } from "./config.js";
import { DecodingBudget } from "./decoding.js";
import type { Definition } from "./definition.js";
import { withCauses } from "./error.js";
import { consume } from "./events.js";
import { Board, follow } from "./health.js";
import type { Host } from "./host.js";
import { DEVELOPMENT_KEY } from "./identity.js";
import { addInvariants } from "./invariants.js";
import { Limits, networks } from "./limits.js";
import { bind, freeDescriptors, Listener } from "./listen.js";
import { logger, type Logger } from "./log.js";
import { methodTable } from "./methods.js";
import { metricsServer } from "./metrics_server.js";
import { Metrics } from "./red.js";
import { addReflection } from "./reflection.js";
import { relay } from "./relay.js";
import { Service } from "./service.js";
import { Spans } from "./spans.js";
import { StartError } from "./start_error.js";
import { keepRunning, type Worker } from "./worker.js";

/** How long workers may take to end after the last request has. */
const WORKERS_TIMEOUT_MS = 10_000;
/** How long a start waits for the service to be ready. */
const READY_TIMEOUT_MS = 2000;

/** The options of a start besides the settings. */
export interface StartOptions extends Sources {
  clock?: Clock;
  /** Gets every log line instead of stderr. */
  log?: (line: string) => void;
}

/** Configures, builds (which migrates), binds and serves; returns when requests are accepted. Throws `ConfigError` before anything is touched. */
export async function start<C>(definition: Definition<C>, options: StartOptions = {}): Promise<Running> {
  // Configure: every setting is checked before anything is done.
  const { settings, own } = load(definition, options);

  // Telemetry.
  const { name } = definition;
  const log = logger({ ...settings.log, write: options.log });
  const metrics = new Metrics();
  const endpoint = settings.telemetry.otlp_endpoint;
  const spans = endpoint === "" ? undefined : await Spans.open(endpoint, name);

  // Build: opens the database and migrates it.
  const dataDir = resolve(settings.data_dir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const drain = new AbortController();
  // Every stream listens.
  setMaxListeners(0, drain.signal);
  const { development_key: key, scopes } = settings.identity;
  const identityKey = key === "" ? DEVELOPMENT_KEY : key;
  const outgoing: Outgoing = { service: name, scopes, identityKey, maxMessageBytes: settings.server.max_message_bytes, metrics, spans };
  const host: Host = {
    name,
    dataDir,
    clock: options.clock ?? systemClock,
    drain: drain.signal,
    log: log.child({ target: name }),
    metrics: metrics.registry,
    channel: (upstream) => channel(upstream, settings.upstreams[upstream], outgoing),
  };
  const service = await definition.build(own, host);
  const running = new Running(name, service, settings, drain, log, metrics, spans, host);
  try {
    await running.begin(identityKey);
    return running;
  } catch (error) {
    await running.abandon();
    throw error;
  }
}

/** A service that runs. Drain it. */
export class Running {
  readonly #listener: Listener;
  readonly #limits: Limits;
  readonly #board: Board;
  readonly #background = new Map<string, Promise<void>>();
  #pages: Server | undefined;
  /** Where gRPC is served. */
  address = "";
  /** Where /metrics, /healthz and /readyz are served. */
  metricsAddress = "";

  constructor(
    private readonly name: string,
    private readonly service: Service,
    private readonly settings: Settings,
    private readonly drainSwitch: AbortController,
    readonly log: Logger,
    readonly metrics: Metrics,
    private readonly spans: Spans | undefined,
    private readonly host: Host,
  ) {
    const { server } = settings;
    const proxies = networks(server.trusted_proxies) ?? new BlockList();
    this.#limits = new Limits(server, proxies, freeDescriptors(), metrics, log);
    this.#listener = new Listener(this.#limits, server.send_seconds * 1000);
    this.#board = new Board(service.rpcs.map((rpc) => rpc.service.typeName));
    metrics.watch("souk_requests_in_work", "Requests and streams in work now.", () => this.#limits.requests);
    metrics.watch("souk_connections", "Connections that are open now.", () => this.#limits.connections);
  }

  get isReady(): boolean {
    return this.#board.isReady;
  }

  /** Returns the way to an upstream, as the service itself has it. */
  channel(upstream: string): Transport {
    return this.host.channel(upstream);
  }

  /** Binds and serves. */
  async begin(identityKey: string): Promise<void> {
    const { server } = this.settings;
    addInvariants(this.name, this.service);
    const builtin = this.#board.addTo(new Service());
    addReflection(builtin, [...this.service.rpcs, ...builtin.rpcs].map((rpc) => rpc.service));
    const methods = methodTable(this.service, builtin, server.max_message_bytes);
    const address = await bind(this.#listener.server, "server.listen", server.listen);
    this.#pages = metricsServer(this.metrics, this.#board);
    const metricsAddress = await bind(this.#pages, "server.metrics_listen", server.metrics_listen);
    this.#listener.process = {
      methods,
      identityKey,
      isLoopback: isLoopback(address.address),
      clock: this.host.clock,
      decoding: new DecodingBudget(server.max_decoding_bytes, server.max_message_bytes),
      limits: this.#limits,
      metrics: this.metrics,
      log: this.log,
      spans: this.spans,
      drain: this.drainSwitch.signal,
    };
    [this.address, this.metricsAddress] = [textOf(address), textOf(metricsAddress)];
    this.#startBackground();
    await this.#untilReady();
    if (server.ready_file !== "") writeReadyFile(server.ready_file, this.address, this.metricsAddress);
    this.log.info(`${this.name} serves ${this.name} on ${this.address}, metrics on ${this.metricsAddress}`);
  }

  /** Stops: says NOT_SERVING, ends streams with UNAVAILABLE, finishes requests and workers, closes stores. Throws `StartError` when something did not end in time. */
  async drain(): Promise<void> {
    const until = performance.now() + this.settings.server.drain_seconds * 1000;
    const late: string[] = [];
    this.#board.stop();
    this.drainSwitch.abort();

    // Requests that have begun; streams end by themselves.
    const requests = this.#limits.singles;
    if (!(await within(this.#listener.drain(), until))) {
      const { singles, sending } = this.#limits;
      // Unread responses are the callers' affair.
      if (singles > 0 || sending === 0) late.push(singles > 0 ? `${singles} of ${requests} requests` : "connections");
      this.#listener.destroy();
    }
    // Workers got the signal at the same time, and may take longer than the last request.
    const workersUntil = Math.max(until, performance.now() + WORKERS_TIMEOUT_MS);
    for (const [name, ended] of this.#background) {
      if (!(await within(ended, workersUntil))) late.push(name);
    }
    await this.#close();
    await this.spans?.stop();
    if (late.length > 0) throw new StartError(`did not end in time: ${late.join(", ")}`);
  }

  /** Gives up a start that failed half way. */
  async abandon(): Promise<void> {
    this.drainSwitch.abort();
    this.#listener.destroy();
    this.#listener.server.close();
    await Promise.all(this.#background.values());
    await this.#close();
  }

  async #close(): Promise<void> {
    this.#pages?.close();
    this.#pages?.closeAllConnections();
    for (const one of this.service.closings) {
      try {
        await one.close();
      } catch (error) {
        this.log.error(`${this.name} could not close: ${withCauses(error)}`);
      }
    }
  }

  #startBackground(): void {
    const { signal } = this.drainSwitch;
    this.#background.set("health", follow(this.name, this.service, this.#board, this.log, signal));
    const workers: Worker[] = [...this.service.workers];
    for (const one of this.service.subscriptions) workers.push(consume(one, this.host, this.metrics));
    for (const store of this.service.stores) workers.push(relay(store, this.host, this.metrics), store.purge());
    for (const worker of workers) this.#background.set(worker.name, keepRunning(this.name, worker, signal, this.log, this.metrics));
  }

  /** Gives the first round of health checks a moment, so that a start is over when the service is ready. */
  async #untilReady(): Promise<void> {
    const until = performance.now() + READY_TIMEOUT_MS;
    while (!this.isReady && performance.now() < until) await systemClock.sleep(2);
  }
}

async function within(work: Promise<void>, until: number): Promise<boolean> {
  const timeout = new AbortController();
  const late = systemClock.sleep(Math.max(1, until - performance.now()), timeout.signal).then(() => false);
  const isDone = await Promise.race([work.then(() => true), late]);
  timeout.abort();
  return isDone;
}

function textOf({ address, port }: AddressInfo): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

/** Written completely or not at all: another process waits for it. */
function writeReadyFile(path: string, grpc: string, metrics: string): void {
  const unfinished = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(unfinished, `grpc=${grpc}\nmetrics=${metrics}\n`);
  renameSync(unfinished, path);
}
