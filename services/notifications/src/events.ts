/**
 * Consumes events: each becomes, in one transaction with its record in the inbox, the messages in the shop and the deliveries
 * to be made. Nothing is sent here.
 */
import { newId, Poison, type Tx } from "@souk/chassis";

import { claimIn, customerIn, type Claim } from "./claim.js";
import type { NotificationsConfig } from "./config.js";
import { NotificationChannel as Channel, type Event, type NotificationKind } from "./contract.js";
import { keyOf } from "./delivery.js";
import { noticesOf, type Notice } from "./notice.js";
import { addressByRule, channelsFor, localeIn, type Preferences } from "./preferences.js";
import { claim, claimerOf } from "./store/claims.js";
import { addDelivery } from "./store/deliveries.js";
import { enabledEndpoints } from "./store/endpoints.js";
import { keepEvent, timeOf } from "./store/events.js";
import { addMessage } from "./store/messages.js";
import { loadPreferences } from "./store/preferences.js";
import type { Templates } from "./template.js";
import { HOUR_MS } from "./time.js";
import { isSubscribed } from "./webhook.js";

/** Who is to be woken once the transaction is durable. */
export interface Woken {
  customers: Set<string>;
  endpoints: Set<string>;
  hasEmail: boolean;
}

/** What consuming an event needs. */
export interface ConsumerDependencies {
  config: NotificationsConfig;
  templates: Templates;
}

/** Stores the messages and deliveries that an event leads to. Throws when the event cannot be read. */
export function consume(tx: Tx, event: Event, dependencies: ConsumerDependencies, now: Date): Woken {
  const woken: Woken = { customers: new Set(), endpoints: new Set(), hasEmail: false };
  const { notices, time, claimed } = readable(event, now);

  // The event is kept only when something waits for it.
  let row: number | undefined;
  const eventRow = () => (row ??= keepEvent(tx, event, now));

  for (const endpoint of enabledEndpoints(tx)) {
    if (!isSubscribed(endpoint.eventTypes, event.type)) continue;
    const key = keyOf(event, Channel.WEBHOOK, endpoint.id);
    const id = newId("delivery", now);
    const delivery = { id, key, subject: event.subject, channel: Channel.WEBHOOK, kind: 0, customer: "", endpoint: endpoint.id };
    addDelivery(tx, { ...delivery, eventRow: eventRow() }, now);
    woken.endpoints.add(endpoint.id);
  }
  if (claimed !== undefined && claim(tx, claimed, now)) woken.customers.add(claimed.customer);
  for (const notice of notices) {
    const happened = notice.happened ?? time;
    // Imported and replayed history goes to webhooks and not to mailboxes.
    if (now.getTime() - happened.getTime() > dependencies.config.telling.max_age_hours * HOUR_MS) continue;
    if (notice.customer === "") continue;
    const customer = claimerOf(tx, customerIn(notice.customer));
    notify(tx, { event, notice, customer, happened, eventRow }, dependencies, now, woken);
  }
  return woken;
}

/** What cannot be read now never can be: a dead letter at once, which holds up nothing behind it. */
function readable(event: Event, now: Date): { notices: Notice[]; time: Date; claimed: Claim | undefined } {
  try {
    const notices = noticesOf(event.type, event.data);
    if (!notices.every(isKeepable)) throw new Error("a name with a NUL in it");
    return { notices, time: timeOf(event, now), claimed: claimIn(event) };
  } catch (error) {
    const why = error instanceof RangeError ? `has ${error.message}` : `is no ${event.type}`;
    throw new Poison(`the event ${why}`);
  }
}

/** The database keeps no text with a NUL; the contract allows none, but payloads are not validated. */
function isKeepable({ customer, subject }: Notice): boolean {
  return !`${customer}${subject}`.includes("\0");
}

/** A notice for one customer. */
interface CustomerNotice {
  event: Event;
  notice: Notice;
  customer: string;
  happened: Date;
  eventRow: () => number;
}

function notify(tx: Tx, customerNotice: CustomerNotice, { config, templates }: ConsumerDependencies, now: Date, woken: Woken): void {
  const { event, notice, customer, happened, eventRow } = customerNotice;
  const preferences = loadPreferences(tx, customer);
  for (const channel of channelsFor(preferences, notice.kind)) {
    const key = keyOf(event, channel, customer, kindText(notice.kind));
    if (channel === Channel.IN_APP) {
      const locale = localeOf(preferences, config, notice.locale);
      const { title, body } = templates.inApp(notice.kind, notice.facts, { time: happened, locale });
      const message = { id: newId("message", now), key, customer, kind: notice.kind, title, body, subject: notice.subject };
      if (addMessage(tx, { ...message, eventTime: happened, createTime: now })) woken.customers.add(customer);
    } else if (channel === Channel.EMAIL && (notice.orderId !== "" || addressOf(preferences, config) !== "")) {
      // Whether an order says where mail goes is seen when it is sent: events carry no address.
      const delivery = { id: newId("delivery", now), key, subject: event.subject, channel, kind: notice.kind, customer, endpoint: "" };
      addDelivery(tx, { ...delivery, eventRow: eventRow() }, now);
      woken.hasEmail = true;
    }
  }
}

/**
 * Returns where e-mail to a customer goes now: to the address that it has confirmed, else to the one that the order gives; empty:
 * nowhere. **Invariant:** never to an address of the preferences that is not confirmed.
 */
export function addressOf(preferences: Preferences, config: NotificationsConfig, ofOrder = ""): string {
  const { customer, emailAddress, emailConfirmedTime } = preferences;
  if (emailAddress !== "" && emailConfirmedTime !== undefined) return emailAddress;
  if (ofOrder !== "") return ofOrder;
  return emailAddress === "" ? addressByRule(config.email.default_address, customer) : "";
}

/** Returns the locale that a customer is written to in: its choice, else that of the order, else the shop's. */
export function localeOf(preferences: Preferences, config: NotificationsConfig, ofOrder = ""): string {
  return [preferences.locale, localeIn(ofOrder)].find((locale) => locale !== "") ?? config.shop.locale;
}

/** One event may notify a customer of two kinds; each has its own key. */
function kindText(kind: NotificationKind): string {
  return String(kind);
}
