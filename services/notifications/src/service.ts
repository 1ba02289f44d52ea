/** What is inside the service, put together: everything that methods, events and workers share. */
import { mkdirSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { join, resolve } from "node:path";

import { Store, isFirst, systemClock, type Clock, type Reader } from "@souk/chassis";
import type { NotificationsConfig } from "./config.js";
import type { Event } from "./contract.js";
import { hear, type Woken } from "./events.js";
import { Hub } from "./hub.js";
import { Mailbox } from "./mailbox.js";
import { Sealing, keyOf } from "./sealing.js";
import { Sending, type Means } from "./sending.js";
import { countSealedOtherwise, sealPlainSecrets } from "./store/secrets.js";
import { bytes } from "./store/tables.js";
import { Targets, type Resolve } from "./target.js";
import { Templates } from "./template.js";
import { Tokens } from "./token.js";
import { mailboxPost, smtpPost, type Post } from "./upstream/email.js";
import { systemResolve } from "./upstream/webhook.js";

const OWN_TEMPLATES = fileURLToPath(new URL("../templates", import.meta.url));
const MIGRATIONS = fileURLToPath(new URL("../migrations", import.meta.url));

/** The lasting subscription on the bus, and the name of its part of the inbox. */
export const SUBSCRIPTION = "notifications";
/** How long attempts that have begun may take to end when the process stops. */
const LAST_ATTEMPTS_MS = 5000;

/** What the service is given. */
export interface Surroundings {
  config: NotificationsConfig;
  /** The folder for everything that is written. */
  dataDir: string;
  clock: Clock;
  /** Aborted when the process stops. */
  stop: AbortSignal;
  /** Told of what an operator should know. */
  log: Means["log"];
  counted: Means["counted"];
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
  readonly sending: Sending;

  private constructor(surroundings: Surroundings, store: Store, tokens: Tokens, sealing: Sealing) {
    const { config, clock } = surroundings;
    this.config = config;
    this.clock = clock;
    this.store = store;
    this.tokens = tokens;
    this.sealing = sealing;
    this.templates = templatesOf(config);
    this.targets = new Targets(config.webhooks);
    const means = {
      config,
      store,
      clock,
      sealing,
      templates: this.templates,
      targets: this.targets,
      mail: postOf(config, surroundings.dataDir),
      resolve: surroundings.resolve ?? systemResolve,
      random: surroundings.random ?? Math.random,
      counted: surroundings.counted,
      log: surroundings.log,
    };
    this.sending = new Sending(means, surroundings.stop);
  }

  /** Opens the database and takes up what waits. */
  static async start(surroundings: Surroundings): Promise<Notifications> {
    const { config, dataDir, clock, log } = surroundings;
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const made = (file: string) =>
      log.warn({}, `made ${file}, the key that secrets in the database are sealed with; back it up apart from the data`);
    const sealing = new Sealing(keyOf(config.webhooks, dataDir, made));
    const file = resolve(dataDir, config.data.url.replace(/^sqlite:/, ""));
    const store = Store.open({ file, migrations: MIGRATIONS, clock, log: storeLog(log) });
    const sealed = await sealPlainSecrets(store, sealing);
    if (sealed > 0) log.warn({}, `sealed ${sealed} secrets of webhook endpoints, which were plain text until now`);
    const lost = countSealedOtherwise(store.read, sealing);
    if (lost > 0) {
      const wayOn = "put that key back, or call RotateWebhookSecret for each of them";
      log.error({}, `the secrets of ${lost} webhook endpoints were sealed with another key and sign nothing: ${wayOn}`);
    }
    const service = new Notifications(surroundings, store, new Tokens(await tokenKey(store)), sealing);
    service.sending.start();
    return service;
  }

  /** Hears an event: what it leads to is durable when this returns, once for each event. */
  async hear(event: Event): Promise<void> {
    const now = this.clock.now();
    const woken = await this.store.write((tx) => (isFirst(tx, SUBSCRIPTION, event, now) ? hear(tx, event, this, now) : undefined));
    if (woken !== undefined) this.#wake(woken);
  }

  /** Waits for what is on its way, after the signal, and closes the database. What takes too long comes again at the next start. */
  async ended(): Promise<void> {
    const limit = new AbortController();
    await Promise.race([this.sending.ended(), systemClock.sleep(LAST_ATTEMPTS_MS, limit.signal)]);
    limit.abort();
    await this.store.close();
  }

  #wake({ accounts, endpoints, hasEmail }: Woken): void {
    for (const account of accounts) this.hub.wake(account);
    for (const endpoint of endpoints) this.sending.wakeEndpoint(endpoint);
    if (hasEmail) this.sending.wakeMail();
  }
}

function storeLog(log: Means["log"]) {
  return { warn: (message: string) => log.warn({}, message), error: (message: string) => log.error({}, message) };
}

/** Returns the templates that the settings name. */
export function templatesOf({ telling, shop }: NotificationsConfig): Templates {
  return new Templates(telling.templates === "" ? OWN_TEMPLATES : resolve(telling.templates), shop);
}

function postOf({ smtp, email }: NotificationsConfig, dataDir: string): Post {
  if (smtp.url === "") return mailboxPost(new Mailbox(join(dataDir, "mailbox")), email.from);
  return smtpPost({ url: smtp.url, from: email.from, requireTls: smtp.requireTls, timeout: smtp.timeoutMs, connections: email.concurrent });
}

async function tokenKey(store: Store): Promise<Uint8Array> {
  const read = (reader: Reader) => reader.get("SELECT bytes FROM token_key");
  const found = read(store.read);
  if (found !== undefined) return bytes(found.bytes);
  return store.write((tx) => {
    tx.run("INSERT INTO token_key (one, bytes) VALUES (1, ?) ON CONFLICT DO NOTHING", randomBytes(32));
    return bytes(read(tx)?.bytes);
  });
}
