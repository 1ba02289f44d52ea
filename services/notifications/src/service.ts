/** What is inside the service, put together: everything that methods, events and workers share. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join, resolve } from "node:path";

import { Store, Tokens, isFirst, systemClock, type Clock } from "@souk/chassis";
import type { NotificationsConfig } from "./config.js";
import type { Event } from "./contract.js";
import { Dispatcher, type DispatcherDependencies } from "./dispatcher.js";
import { consume, type Woken } from "./events.js";
import { Hub } from "./hub.js";
import { Mailbox } from "./mailbox.js";
import { Sealing, keyOf } from "./sealing.js";
import { countSealedOtherwise, sealPlainSecrets } from "./store/secrets.js";
import { Targets, type Resolve } from "./target.js";
import { Templates } from "./template.js";
import { SECOND_MS } from "./time.js";
import { mailboxPost, smtpPost, type Post } from "./upstream/email.js";
import type { Orders } from "./upstream/orders.js";
import { systemResolve } from "./upstream/webhook.js";

const OWN_TEMPLATES = fileURLToPath(new URL("../templates", import.meta.url));
const MIGRATIONS = fileURLToPath(new URL("../migrations", import.meta.url));

/** The lasting subscription on the bus, and the name of its part of the inbox. */
export const SUBSCRIPTION = "notifications";
/** How long attempts that have begun may take to end when the process stops. */
const LAST_ATTEMPTS_MS = 5000;

/** What the service needs. */
export interface Dependencies {
  config: NotificationsConfig;
  /** The folder for everything that is written. */
  dataDir: string;
  clock: Clock;
  /** Aborted when the process stops. */
  stop: AbortSignal;
  /** Gets what an operator should know. */
  log: DispatcherDependencies["log"];
  counted: DispatcherDependencies["counted"];
  /** Says where mail about an order goes. */
  orders: Orders;
  /** How names are looked up; as the system does unless it is set. */
  resolve?: Resolve;
  random?: () => number;
}

/** The service. */
export class Notifications {
  readonly config: NotificationsConfig;
  readonly clock: Clock;
  readonly store: Store;
  readonly sealing: Sealing;
  readonly templates: Templates;
  readonly targets: Targets;
  readonly tokens: Tokens;
  readonly hub = new Hub();
  readonly dispatcher: Dispatcher;

  private constructor(dependencies: Dependencies, store: Store, tokens: Tokens, sealing: Sealing) {
    const { config, clock } = dependencies;
    this.config = config;
    this.clock = clock;
    this.store = store;
    this.tokens = tokens;
    this.sealing = sealing;
    this.templates = templatesOf(config);
    this.targets = targetsOf(config);
    const forDispatcher = {
      config,
      store,
      clock,
      sealing,
      templates: this.templates,
      targets: this.targets,
      mail: postOf(config, dependencies.dataDir),
      orders: dependencies.orders,
      resolve: dependencies.resolve ?? systemResolve,
      random: dependencies.random ?? Math.random,
      counted: dependencies.counted,
      log: dependencies.log,
    };
    this.dispatcher = new Dispatcher(forDispatcher, dependencies.stop);
  }

  /** Opens the database and dispatches what is pending. */
  static async start(dependencies: Dependencies): Promise<Notifications> {
    const { config, dataDir, clock, log } = dependencies;
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const made = (file: string) =>
      log.warn({}, `created ${file}, the key that seals secrets in the database; back it up apart from the data`);
    const sealing = new Sealing(keyOf({ secretKey: config.webhooks.secret_key, secretKeyFile: config.webhooks.secret_key_file }, dataDir, made));
    const file = resolve(dataDir, config.data.url.replace(/^sqlite:/, ""));
    const store = Store.open({ file, migrations: MIGRATIONS, clock, log: storeLog(log) });
    const sealed = await sealPlainSecrets(store, sealing);
    if (sealed > 0) log.warn({}, `sealed ${sealed} secrets of webhook endpoints, which were plain text until now`);
    const lost = countSealedOtherwise(store.read, sealing);
    if (lost > 0) {
      const wayOn = "put that key back, or call RotateWebhookSecret for each of them";
      log.error({}, `the secrets of ${lost} webhook endpoints were sealed with another key and sign nothing: ${wayOn}`);
    }
    const service = new Notifications(dependencies, store, await Tokens.of(store), sealing);
    service.dispatcher.start();
    return service;
  }

  /** Consumes an event, once: its effect is durable when this returns. */
  async consume(event: Event): Promise<void> {
    const now = this.clock.now();
    const woken = await this.store.write((tx) => (isFirst(tx, SUBSCRIPTION, event, now) ? consume(tx, event, this, now) : undefined));
    if (woken !== undefined) this.#wake(woken);
  }

  /** Waits for what is on its way, after the signal, and closes the database. What takes too long comes again at the next start. */
  async ended(): Promise<void> {
    const limit = new AbortController();
    await Promise.race([this.dispatcher.ended(), systemClock.sleep(LAST_ATTEMPTS_MS, limit.signal)]);
    limit.abort();
    await this.store.close();
  }

  #wake({ customers, endpoints, hasEmail }: Woken): void {
    for (const customer of customers) this.hub.wake(customer);
    for (const endpoint of endpoints) this.dispatcher.wakeEndpoint(endpoint);
    if (hasEmail) this.dispatcher.wakeMail();
  }
}

function storeLog(log: DispatcherDependencies["log"]) {
  return { warn: (message: string) => log.warn({}, message), error: (message: string) => log.error({}, message) };
}

/** Returns the templates that the settings name. */
export function templatesOf({ telling, shop }: NotificationsConfig): Templates {
  const folder = telling.templates === "" ? OWN_TEMPLATES : resolve(telling.templates);
  return new Templates(folder, { name: shop.name, url: shop.url });
}

function targetsOf({ webhooks }: NotificationsConfig): Targets {
  return new Targets({ allowHttp: webhooks.allow_http, allowedNetworks: webhooks.allowed_networks, allowedPorts: webhooks.allowed_ports });
}

function postOf({ smtp, email }: NotificationsConfig, dataDir: string): Post {
  if (smtp.url === "") return mailboxPost(new Mailbox(join(dataDir, "mailbox")), email.from);
  const { url, require_tls: requireTls, concurrent: connections } = smtp;
  return smtpPost({ url, from: email.from, requireTls, timeout: smtp.timeout_seconds * SECOND_MS, connections });
}
