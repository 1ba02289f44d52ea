/**
 * Sends what is to be sent, at least once: e-mail in the order in which it is due, webhooks of an endpoint in the order of each
 * subject.
 *
 * **Invariant:** one attempt at a time per endpoint, and its outcome is durable before the next begins; so a kill repeats at
 * most one webhook per endpoint, and at most `email.concurrent` e-mails.
 */
import type { Clock, Store, Tx } from "@souk/chassis";
import type { NotificationsConfig } from "./config.js";
import { confirmationMail, isForConfirmation } from "./confirmation.js";
import { WebhookEndpointState as State } from "./contract.js";
import { afterFailure } from "./delivery.js";
import { disable, hasFailedTooLong, secretPurpose, secretsAt } from "./endpoint.js";
import { addressOf, localeOf } from "./events.js";
import type { Facts } from "./facts.js";
import { Failure, failureOf } from "./failure.js";
import { Lanes } from "./lane.js";
import { noticesOf, type Notice } from "./notice.js";
import type { Sealing } from "./sealing.js";
import {
  endpointsWithWork,
  giveUpOn,
  markDead,
  markDelivered,
  markFailed,
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
import type { Post } from "./upstream/email.js";
import { post } from "./upstream/webhook.js";
import { bodyOf, signedHeaders } from "./webhook.js";

/** What sending needs. */
export interface Means {
  config: NotificationsConfig;
  store: Store;
  clock: Clock;
  sealing: Sealing;
  templates: Templates;
  mail: Post;
  targets: Targets;
  resolve: Resolve;
  /** From 0 up to 1. */
  random: () => number;
  /** Told of each attempt, for metrics: the channel and `delivered`, `failed` or `dead`. */
  counted: (channel: "email" | "webhook", outcome: "delivered" | "failed" | "dead") => void;
  log: { warn: (fields: object, message: string) => void; error: (fields: object, message: string) => void };
}

const MAIL_LANE = "e-mail";
/** The failure of what was kept and cannot be read or written as it should be. */
const UNREADABLE = "unreadable event";

/** Sends until the signal. */
export class Sending {
  readonly #means: Means;
  readonly #webhooks: Lanes;
  readonly #mail: Lanes;
  /** The e-mails that are on their way now, by sequence. */
  readonly #mailing = new Set<number>();

  constructor(means: Means, stop: AbortSignal) {
    const { config, clock } = means;
    this.#means = means;
    const failed = (error: unknown) => means.log.error({ error: failureOf(error).message }, "a step of sending failed, it comes again");
    this.#webhooks = new Lanes(clock, stop, config.webhooks.concurrent, failed);
    this.#mail = new Lanes(clock, stop, config.email.concurrent, failed);
  }

  /** Takes up everything that waits. */
  start(): void {
    for (const endpoint of endpointsWithWork(this.#means.store.read)) this.wakeEndpoint(endpoint);
    this.wakeMail();
  }

  /** Looks whether an endpoint has work. */
  wakeEndpoint(endpoint: string): void {
    this.#webhooks.wake(endpoint, () => this.#stepOfEndpoint(endpoint));
  }

  /** Looks whether there is e-mail to send. */
  wakeMail(): void {
    for (let lane = 0; lane < this.#means.config.email.concurrent; lane += 1) {
      this.#mail.wake(`${MAIL_LANE} ${lane}`, () => this.#stepOfMail());
    }
  }

  /** Waits until what is on its way has ended. */
  async ended(): Promise<void> {
    await Promise.all([this.#webhooks.ended(), this.#mail.ended()]);
    await this.#means.mail.close();
  }

  async #stepOfEndpoint(id: string): Promise<"again" | "idle" | Date> {
    const { store, clock } = this.#means;
    const started = clock.now();
    const endpoint = loadEndpoint(store.read, id);
    if (endpoint?.state !== State.ENABLED) return "idle";
    if (endpoint.waitTime !== undefined && endpoint.waitTime > started) return endpoint.waitTime;
    const next = nextOf(store.read, id, started);
    if (next === undefined || next instanceof Date) return next ?? "idle";

    const body = this.#bodyOf(next);
    if (body === undefined) {
      await store.write((tx) => markDead(tx, next.sequence, next.attempts, UNREADABLE, clock.now()));
      this.#means.counted("webhook", "dead");
      return "again";
    }
    const failure = await attempt(() => this.#postTo(endpoint, next.key, body));
    const now = clock.now();
    if (failure === undefined) {
      await store.write((tx) => {
        markDelivered(tx, next.sequence, next.attempts + 1, now);
        noteSuccess(tx, id, now);
      });
      this.#means.counted("webhook", "delivered");
    } else {
      const isDead = await store.write((tx) => this.#webhookFailed(tx, id, next, failure, now));
      this.#means.counted("webhook", isDead ? "dead" : "failed");
    }
    return "again";
  }

  /** Returns what is to be posted; undefined when the event cannot be written as a webhook, now or ever. */
  #bodyOf({ eventRow }: Delivery): string | undefined {
    const event = loadEvent(this.#means.store.read, eventRow);
    try {
      return event === undefined ? undefined : bodyOf(event);
    } catch {
      return undefined;
    }
  }

  #postTo(endpoint: Endpoint, key: string, body: string): Promise<void> {
    const { config, clock, sealing, targets, resolve } = this.#means;
    const [present, previous] = secretsAt(endpoint, clock.now()).map((sealed) => sealing.open(sealed, secretPurpose(endpoint.id)));
    if (present === undefined) throw new Failure("sealed with another key", { isOurs: true });
    const secrets = previous === undefined ? [present] : [present, previous];
    const headers = signedHeaders(key, clock.now(), body, secrets);
    const limits = { timeout: config.webhooks.timeoutMs, answerBytes: config.webhooks.answerBytes };
    return post({ url: endpoint.url, headers, body }, targets, limits, resolve);
  }

  /** Returns whether the delivery is dead now. */
  #webhookFailed(tx: Tx, id: string, delivery: Delivery, failure: Failure, now: Date): boolean {
    if (!failure.isOurs) noteFailure(tx, id, now);
    // As it is now: it may have been changed or deleted while the attempt ran.
    const endpoint = loadEndpoint(tx, id);
    if (endpoint === undefined) return true;
    const isTooLong = hasFailedTooLong(endpoint, now, this.#means.config.webhooks.disableAfterMs);
    if (endpoint.state === State.ENABLED && !failure.isOurs && (failure.isGone || isTooLong)) {
      const reason = failure.isGone ? "gone" : "failing";
      markDead(tx, delivery.sequence, delivery.attempts + 1, failure.message, now);
      giveUpOn(tx, id, "endpoint disabled", now);
      saveEndpoint(tx, disable(endpoint, reason, now));
      this.#means.log.warn({ "endpoint.id": id, failure: failure.message }, `disabled webhook endpoint ${id}: ${reason}`);
      return true;
    }
    const next = this.#failed(tx, delivery, failure, now);
    // Who refuses one event may take those of other subjects; who can take nothing is left alone.
    if (next !== undefined && !failure.isRefusal) noteWait(tx, id, next);
    return next === undefined;
  }

  async #stepOfMail(): Promise<"again" | "idle" | Date> {
    const { store, clock, config } = this.#means;
    // One more than there are lanes: the others may have all but one of them in hand.
    const next = nextEmails(store.read, config.email.concurrent + 1).find(({ sequence }) => !this.#mailing.has(sequence));
    if (next === undefined) return "idle";
    if (isEarly(next, clock.now())) return next.nextTime ?? "idle";

    this.#mailing.add(next.sequence);
    try {
      const failure = await attempt(() => this.#mailTo(next));
      const now = clock.now();
      const isDead = await store.write((tx) => {
        if (failure !== undefined) return this.#failed(tx, next, failure, now) === undefined;
        markDelivered(tx, next.sequence, next.attempts + 1, now);
        if (isForConfirmation(next)) forgetCode(tx, next.account, next.eventId);
        return false;
      });
      this.#means.counted("email", failure === undefined ? "delivered" : isDead ? "dead" : "failed");
    } finally {
      this.#mailing.delete(next.sequence);
    }
    return "again";
  }

  async #mailTo(delivery: Delivery): Promise<void> {
    const { key, kind, account, createTime } = delivery;
    const { config, store, clock, sealing, templates, mail } = this.#means;
    // The address and the language are those of now; kinds and channels were decided when the event came.
    const preferences = loadPreferences(store.read, account);
    const locale = localeOf(preferences, config);
    if (isForConfirmation(delivery)) {
      const { to, facts } = confirmationMail(store.read, sealing, delivery, preferences, clock.now());
      return mail.send({ key, to, time: createTime, mail: templates.mail(kind, facts, { time: createTime, locale }) });
    }
    const to = addressOf(preferences, config);
    if (to === "") throw new Failure(preferences.emailAddress === "" ? "no address" : "address not confirmed", { isFinal: true });
    const { facts, time } = this.#toldBy(delivery);
    return mail.send({ key, to, time: createTime, mail: templates.mail(kind, facts, { time, locale }) });
  }

  #toldBy({ eventRow, kind, createTime }: Delivery): { facts: Facts; time: Date } {
    const event = loadEvent(this.#means.store.read, eventRow);
    let notice: Notice | undefined;
    let time = createTime;
    try {
      notice = event && noticesOf(event.type, event.data).find((one) => one.kind === kind);
      if (event !== undefined) time = notice?.happened ?? timeOf(event, createTime);
    } catch {
      throw new Failure(UNREADABLE, { isFinal: true });
    }
    if (notice === undefined) throw new Failure("nothing to tell", { isFinal: true });
    return { facts: notice.facts, time };
  }

  /** Records a failure. Returns when the delivery is tried again; undefined when it is dead now. */
  #failed(tx: Tx, delivery: Delivery, failure: Failure, now: Date): Date | undefined {
    const attempts = delivery.attempts + 1;
    const next = afterFailure(this.#means.config.retry, attempts, failure, this.#means.random());
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
