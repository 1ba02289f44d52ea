/**
 * Dispatches deliveries, at least once: e-mail in the order in which it is due, webhooks of an endpoint in the order of each
 * subject.
 *
 * **Invariant:** one attempt at a time per endpoint, and its outcome is durable before the next begins; so a kill repeats at
 * most one webhook per endpoint, and at most `smtp.concurrent` e-mails.
 */
import type { Clock, Store, Tx } from "@souk/chassis";
import type { NotificationsConfig } from "./config.js";
import { confirmationMail, isForConfirmation } from "./confirmation.js";
import { WebhookEndpointState as State } from "./contract.js";
import { afterFailure, type RetryRules } from "./delivery.js";
import { disable, hasFailedTooLong, secretPurpose, secretsAt } from "./endpoint.js";
import { addressOf, localeOf } from "./events.js";
import { Failure, failureOf } from "./failure.js";
import { hasToken, linkTo } from "./link.js";
import { noticesOf, type Notice } from "./notice.js";
import { Queues } from "./queue.js";
import type { Sealing } from "./sealing.js";
import {
  endpointsWithWork,
  giveUpOn,
  markDead,
  markDelivered,
  markFailed,
  markSkipped,
  nextEmails,
  nextOf,
  type Delivery,
} from "./store/deliveries.js";
import { forgetCode } from "./store/confirmations.js";
import { loadEndpoint, noteFailure, noteSuccess, noteWait, saveEndpoint, type Endpoint } from "./store/endpoints.js";
import { loadEvent, timeOf } from "./store/events.js";
import { loadPreferences } from "./store/preferences.js";
import type { Resolve, Targets } from "./target.js";
import type { Templates } from "./template.js";
import { DAY_SECONDS, HOUR_MS, SECOND_MS } from "./time.js";
import type { Post } from "./upstream/email.js";
import type { Orders } from "./upstream/orders.js";
import { post } from "./upstream/webhook.js";
import { bodyOf, signedHeaders } from "./webhook.js";

/** What came of an attempt. */
export type Outcome = "delivered" | "failed" | "dead" | "skipped";

/** What the dispatcher needs. */
export interface DispatcherDependencies {
  config: NotificationsConfig;
  store: Store;
  clock: Clock;
  sealing: Sealing;
  templates: Templates;
  mail: Post;
  orders: Orders;
  targets: Targets;
  resolve: Resolve;
  /** From 0 up to 1. */
  random: () => number;
  /** Counts each attempt, for metrics: the channel and what came of it. */
  counted: (channel: "email" | "webhook", outcome: Outcome) => void;
  log: { warn: (fields: object, message: string) => void; error: (fields: object, message: string) => void };
}

/** The failure of a stored event that cannot be read or written as a webhook. */
const UNREADABLE = "unreadable event";

/** Dispatches until the signal. */
export class Dispatcher {
  readonly #dependencies: DispatcherDependencies;
  readonly #retry: RetryRules;
  readonly #webhooks: Queues;
  readonly #mail: Queues;
  /** The e-mails that are on their way now, by sequence. */
  readonly #mailing = new Set<number>();

  constructor(dependencies: DispatcherDependencies, stop: AbortSignal) {
    const { config, clock, log } = dependencies;
    this.#dependencies = dependencies;
    const { first_seconds, factor, longest_seconds, attempts } = config.retry;
    this.#retry = { first: first_seconds * SECOND_MS, factor, longest: longest_seconds * SECOND_MS, attempts };
    const failed = (error: unknown) => log.error({ error: failureOf(error).message }, "a step of the dispatcher failed and will be retried");
    this.#webhooks = new Queues(clock, stop, config.webhooks.concurrent, failed);
    this.#mail = new Queues(clock, stop, config.smtp.concurrent, failed);
  }

  /** Starts with everything that is pending. */
  start(): void {
    for (const endpoint of endpointsWithWork(this.#dependencies.store.read)) this.wakeEndpoint(endpoint);
    this.wakeMail();
  }

  /** Dispatches what is pending for an endpoint. */
  wakeEndpoint(endpoint: string): void {
    this.#webhooks.wake(endpoint, () => this.#stepOfEndpoint(endpoint));
  }

  /** Dispatches the e-mail that is pending. */
  wakeMail(): void {
    for (let queue = 0; queue < this.#dependencies.config.smtp.concurrent; queue += 1) {
      this.#mail.wake(`e-mail ${queue}`, () => this.#stepOfMail());
    }
  }

  /** Waits until what is on its way has ended. */
  async ended(): Promise<void> {
    await Promise.all([this.#webhooks.ended(), this.#mail.ended()]);
    await this.#dependencies.mail.close();
  }

  async #stepOfEndpoint(id: string): Promise<"again" | "idle" | Date> {
    const { store, clock } = this.#dependencies;
    const started = clock.now();
    const endpoint = loadEndpoint(store.read, id);
    if (endpoint?.state !== State.ENABLED) return "idle";
    if (endpoint.waitTime !== undefined && endpoint.waitTime > started) return endpoint.waitTime;
    const next = nextOf(store.read, id, started);
    if (next === undefined || next instanceof Date) return next ?? "idle";

    const body = this.#bodyOf(next);
    if (body === undefined) {
      await store.write((tx) => markDead(tx, next.sequence, next.attempts, UNREADABLE, clock.now()));
      this.#dependencies.counted("webhook", "dead");
      return "again";
    }
    const failure = await attempt(() => this.#postTo(endpoint, next.key, body));
    const now = clock.now();
    if (failure === undefined) {
      await store.write((tx) => {
        markDelivered(tx, next.sequence, next.attempts + 1, now);
        noteSuccess(tx, id, now);
      });
      this.#dependencies.counted("webhook", "delivered");
    } else {
      const isDead = await store.write((tx) => this.#webhookFailed(tx, id, next, failure, now));
      this.#dependencies.counted("webhook", isDead ? "dead" : "failed");
    }
    return "again";
  }

  /** Returns what is to be posted; undefined when the event cannot be written as a webhook, now or ever. */
  #bodyOf({ eventRow }: Delivery): string | undefined {
    const event = loadEvent(this.#dependencies.store.read, eventRow);
    try {
      return event === undefined ? undefined : bodyOf(event);
    } catch {
      return undefined;
    }
  }

  #postTo(endpoint: Endpoint, key: string, body: string): Promise<void> {
    const { config, clock, sealing, targets, resolve } = this.#dependencies;
    const [present, previous] = secretsAt(endpoint, clock.now()).map((sealed) => sealing.open(sealed, secretPurpose(endpoint.id)));
    if (present === undefined) throw new Failure("sealed with another key", { isOurs: true });
    const secrets = previous === undefined ? [present] : [present, previous];
    const headers = signedHeaders(key, clock.now(), body, secrets);
    const limits = { timeout: config.webhooks.timeout_seconds * SECOND_MS, answerBytes: config.webhooks.answer_bytes };
    return post({ url: endpoint.url, headers, body }, targets, limits, resolve);
  }

  /** Returns whether the delivery is dead now. */
  #webhookFailed(tx: Tx, id: string, delivery: Delivery, failure: Failure, now: Date): boolean {
    if (!failure.isOurs) noteFailure(tx, id, now);
    // As it is now: it may have been changed or deleted while the attempt ran.
    const endpoint = loadEndpoint(tx, id);
    if (endpoint === undefined) return true;
    const isTooLong = hasFailedTooLong(endpoint, now, this.#dependencies.config.webhooks.disable_after_hours * HOUR_MS);
    if (endpoint.state === State.ENABLED && !failure.isOurs && (failure.isGone || isTooLong)) {
      const reason = failure.isGone ? "gone" : "failing";
      markDead(tx, delivery.sequence, delivery.attempts + 1, failure.message, now);
      giveUpOn(tx, id, "endpoint disabled", now);
      saveEndpoint(tx, disable(endpoint, reason, now));
      this.#dependencies.log.warn({ "endpoint.id": id, failure: failure.message }, `disabled webhook endpoint ${id}: ${reason}`);
      return true;
    }
    const next = this.#failed(tx, delivery, failure, now);
    // A receiver that refuses one event may take those of other subjects; one that can take nothing is left alone.
    if (next !== undefined && !failure.isRefusal) noteWait(tx, id, next);
    return next === undefined;
  }

  async #stepOfMail(): Promise<"again" | "idle" | Date> {
    const { store, clock, config } = this.#dependencies;
    // One more than there are queues: the others may be sending all but one of them.
    const next = nextEmails(store.read, config.smtp.concurrent + 1).find(({ sequence }) => !this.#mailing.has(sequence));
    if (next === undefined) return "idle";
    if (isEarly(next, clock.now())) return next.nextTime ?? "idle";

    this.#mailing.add(next.sequence);
    try {
      const failure = await attempt(() => this.#mailTo(next));
      const now = clock.now();
      const outcome = await store.write((tx): Outcome => {
        if (failure?.isSkip) {
          markSkipped(tx, next.sequence, failure.message, now);
          return "skipped";
        }
        if (failure !== undefined) return this.#failed(tx, next, failure, now) === undefined ? "dead" : "failed";
        markDelivered(tx, next.sequence, next.attempts + 1, now);
        if (isForConfirmation(next)) forgetCode(tx, next.customer, next.eventId);
        return "delivered";
      });
      this.#dependencies.counted("email", outcome);
    } finally {
      this.#mailing.delete(next.sequence);
    }
    return "again";
  }

  async #mailTo(delivery: Delivery): Promise<void> {
    const { key, kind, customer, createTime } = delivery;
    const { config, store, clock, sealing, templates, mail, orders } = this.#dependencies;
    if (isForConfirmation(delivery)) {
      const preferences = loadPreferences(store.read, customer);
      const { to, facts } = confirmationMail(store.read, sealing, delivery, preferences, clock.now());
      const locale = localeOf(preferences, config);
      return mail.send({ key, to, time: createTime, mail: templates.mail(kind, facts, { time: createTime, locale }) });
    }
    const { notice, time, trace } = this.#contentOf(delivery);
    const order = notice.orderId === "" ? undefined : await orders.contactOf(notice.orderId, trace);
    // The address and the language are those of now; kinds and channels were decided when the event came.
    const preferences = loadPreferences(store.read, customer);
    const to = addressOf(preferences, config, order?.emailAddress);
    if (to === "") throw new Failure(preferences.emailAddress === "" ? "no address" : "address not confirmed", { isSkip: true });
    const locale = localeOf(preferences, config, order?.locale);
    const link = order === undefined ? "" : await this.#linkTo(notice.orderId, trace);
    return mail.send({ key, to, time: createTime, mail: templates.mail(kind, notice.facts, { time, locale, link }) });
  }

  /**
   * Returns the link to an order; empty: none. **Invariant:** its token is a secret that is in the e-mail alone, made for each attempt
   * and kept nowhere.
   */
  async #linkTo(orderId: string, trace: string): Promise<string> {
    const { config, orders } = this.#dependencies;
    const { order_link: template, order_link_days: days } = config.shop;
    const token = hasToken(template) ? await orders.linkToken(orderId, days * DAY_SECONDS, trace) : "";
    return linkTo(template, orderId, token);
  }

  /** Returns what the e-mail of a delivery says. Throws a final Failure when its event says nothing to this customer any more. */
  #contentOf({ eventRow, kind, createTime }: Delivery): { notice: Notice; time: Date; trace: string } {
    const event = loadEvent(this.#dependencies.store.read, eventRow);
    let notice: Notice | undefined;
    let time = createTime;
    try {
      notice = event && noticesOf(event.type, event.data).find((one) => one.kind === kind);
      if (event !== undefined) time = notice?.happened ?? timeOf(event, createTime);
    } catch {
      throw new Failure(UNREADABLE, { isFinal: true });
    }
    if (notice === undefined) throw new Failure("no notification", { isFinal: true });
    return { notice, time, trace: event?.extensions["traceparent"] ?? "" };
  }

  /** Records a failure. Returns when the delivery is tried again; undefined when it is dead now. */
  #failed(tx: Tx, delivery: Delivery, failure: Failure, now: Date): Date | undefined {
    const attempts = delivery.attempts + 1;
    const next = afterFailure(this.#retry, attempts, failure, this.#dependencies.random());
    if (next.state === "dead") {
      markDead(tx, delivery.sequence, attempts, failure.message, now);
      return undefined;
    }
    const time = new Date(now.getTime() + next.wait);
    markFailed(tx, delivery.sequence, attempts, failure.message, time, failure.isRefusal);
    return time;
  }
}

function isEarly({ nextTime }: Delivery, now: Date): boolean {
  return nextTime !== undefined && nextTime.getTime() > now.getTime();
}

async function attempt(work: () => Promise<void>): Promise<Failure | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}
