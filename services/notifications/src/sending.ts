/**
 * Sends what is to be sent, at least once: e-mail in the order in which it is due, webhooks in the order of each endpoint.
 *
 * **Invariant:** one attempt at a time per endpoint, and its outcome is durable before the next begins; so a kill repeats at
 * most one webhook per endpoint, and at most `email.concurrent` e-mails.
 */
import type { Clock, Store, Tx } from "@souk/chassis";
import type { NotificationsConfig } from "./config.js";
import { WebhookEndpointState as State } from "./contract.js";
import { afterFailure } from "./delivery.js";
import { disable, hasFailedTooLong, secretsAt } from "./endpoint.js";
import { addressOf, localeOf } from "./events.js";
import { Failure, failureOf } from "./failure.js";
import { Lanes } from "./lane.js";
import { noticesOf } from "./notice.js";
import {
  endpointsWithWork,
  giveUpOn,
  headOf,
  markDead,
  markDelivered,
  markFailed,
  nextEmails,
  type Delivery,
} from "./store/deliveries.js";
import { loadEndpoint, noteFailure, noteSuccess, saveEndpoint, type Endpoint } from "./store/endpoints.js";
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
    const endpoint = loadEndpoint(store.read, id);
    const head = headOf(store.read, id);
    if (endpoint?.state !== State.ENABLED || head === undefined) return "idle";
    if (isEarly(head, clock.now())) return head.nextTime ?? "idle";

    const failure = await attempt(() => this.#postTo(endpoint, head));
    const now = clock.now();
    if (failure === undefined) {
      await store.write((tx) => {
        markDelivered(tx, head.sequence, head.attempts + 1, now);
        noteSuccess(tx, id, now);
      });
      this.#means.counted("webhook", "delivered");
    } else {
      const isDead = await store.write((tx) => this.#webhookFailed(tx, id, head, failure, now));
      this.#means.counted("webhook", isDead ? "dead" : "failed");
    }
    return "again";
  }

  #postTo(endpoint: Endpoint, { key, eventRow }: Delivery): Promise<void> {
    const { config, store, clock, targets, resolve } = this.#means;
    const body = bodyOf(loadEvent(store.read, eventRow));
    const headers = signedHeaders(key, clock.now(), body, secretsAt(endpoint, clock.now()));
    const limits = { timeout: config.webhooks.timeoutMs, answerBytes: config.webhooks.answerBytes };
    return post({ url: endpoint.url, headers, body }, targets, limits, resolve);
  }

  /** Returns whether the delivery is dead now. */
  #webhookFailed(tx: Tx, id: string, head: Delivery, failure: Failure, now: Date): boolean {
    noteFailure(tx, id, now);
    // As it is now: it may have been changed or deleted while the attempt ran.
    const endpoint = loadEndpoint(tx, id);
    if (endpoint === undefined) return true;
    const isTooLong = hasFailedTooLong(endpoint, now, this.#means.config.webhooks.disableAfterMs);
    if (endpoint.state === State.ENABLED && (failure.isGone || isTooLong)) {
      const reason = failure.isGone ? "gone" : "failing";
      markDead(tx, head.sequence, head.attempts + 1, failure.message, now);
      giveUpOn(tx, id, "endpoint disabled", now);
      saveEndpoint(tx, disable(endpoint, reason, now));
      this.#means.log.warn({ "endpoint.id": id, failure: failure.message }, `disabled webhook endpoint ${id}: ${reason}`);
      return true;
    }
    return this.#failed(tx, head, failure, now);
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
        if (failure !== undefined) return this.#failed(tx, next, failure, now);
        markDelivered(tx, next.sequence, next.attempts + 1, now);
        return false;
      });
      this.#means.counted("email", failure === undefined ? "delivered" : isDead ? "dead" : "failed");
    } finally {
      this.#mailing.delete(next.sequence);
    }
    return "again";
  }

  async #mailTo({ key, kind, account, eventRow, createTime }: Delivery): Promise<void> {
    const { config, store, templates, mail } = this.#means;
    // The address and the language are those of now; kinds and channels were decided when the event came.
    const preferences = loadPreferences(store.read, account);
    const to = addressOf(preferences, config);
    if (to === "") throw new Failure("no address", { isFinal: true });
    const event = loadEvent(store.read, eventRow);
    const notice = noticesOf(event.type, event.data).find((one) => one.kind === kind);
    if (notice === undefined) throw new Failure("nothing to tell", { isFinal: true });
    const occasion = { time: notice.happened ?? timeOf(event, createTime), locale: localeOf(preferences, config) };
    await mail.send({ key, to, time: createTime, mail: templates.mail(kind, notice.facts, occasion) });
  }

  #failed(tx: Tx, delivery: Delivery, failure: Failure, now: Date): boolean {
    const attempts = delivery.attempts + 1;
    const next = afterFailure(this.#means.config.retry, attempts, failure, this.#means.random());
    if (next.state === "dead") markDead(tx, delivery.sequence, attempts, failure.message, now);
    else markFailed(tx, delivery.sequence, attempts, failure.message, new Date(now.getTime() + next.wait));
    return next.state === "dead";
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
