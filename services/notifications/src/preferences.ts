/** The rules of preferences, pure: who is notified of what over which channel, and where e-mail goes. */
import { createHash } from "node:crypto";

import { NotificationChannel as Channel, NotificationKind as Kind } from "./contract.js";
import { invalidField } from "./error.js";

/** What a customer has chosen. */
export interface Preferences {
  customer: string;
  emailAddress: string;
  /** When the customer confirmed the address; undefined while it has not. */
  emailConfirmedTime: Date | undefined;
  locale: string;
  defaultChannels: Channel[];
  /** The kinds that go over other channels, in the order of the enum. */
  kinds: { kind: Kind; channels: Channel[] }[];
  /** Counts the changes; 0 when nothing was ever set. */
  version: number;
  updateTime: Date | undefined;
}

/** Returns what holds for a customer who has set nothing: notified in the shop and by e-mail. */
export function defaultPreferences(customer: string): Preferences {
  return {
    customer,
    emailAddress: "",
    emailConfirmedTime: undefined,
    locale: "",
    defaultChannels: [Channel.IN_APP, Channel.EMAIL],
    kinds: [],
    version: 0,
    updateTime: undefined,
  };
}

/** Returns the channels over which the customer is notified of a kind; none when it does not want to be. */
export function channelsFor(preferences: Preferences, kind: Kind): Channel[] {
  const chosen = preferences.kinds.find((one) => one.kind === kind);
  return chosen === undefined ? preferences.defaultChannels : chosen.channels;
}

/** Returns the kinds of `field` in order, each with its channels once and in order. Refuses a kind that appears more than once. */
export function tidyKinds(kinds: { kind: Kind; channels: Channel[] }[], field: string): Preferences["kinds"] {
  const seen = new Set<Kind>();
  for (const [index, { kind }] of kinds.entries()) {
    if (seen.has(kind)) throw invalidField(`${field}[${index}].kind`, `must not be NOTIFICATION_KIND_${Kind[kind]} again`);
    seen.add(kind);
  }
  const tidy = kinds.map(({ kind, channels }) => ({ kind, channels: tidyChannels(channels) }));
  return tidy.sort((a, b) => a.kind - b.kind);
}

/** Returns each channel once, in the order of the enum. */
export function tidyChannels(channels: Channel[]): Channel[] {
  return [...new Set(channels)].sort((a, b) => a - b);
}

/** Returns the locale of `field` as it is written everywhere, `en-gb` as `en-GB`; empty stays empty. Refuses what is none. */
export function tidyLocale(locale: string, field: string): string {
  if (locale === "") return "";
  const tidy = localeIn(locale);
  if (tidy === "") throw invalidField(field, "must be a locale of BCP 47, such as en-GB");
  return tidy;
}

/** Returns a locale as it is written everywhere; empty when the text is none. */
export function localeIn(text: string): string {
  try {
    return new Intl.Locale(text).toString();
  } catch {
    return "";
  }
}

/** Returns the etag of a version of something; it says nothing of what it holds. */
export function etagOf(id: string, version: number): string {
  return createHash("sha256").update(`${id}\n${version}`).digest("base64url").slice(0, 22);
}

/** Returns where e-mail to a customer goes that has no address: `template` with `{customer_id}` filled in. An empty template: nowhere. */
export function addressByRule(template: string, customer: string): string {
  return template.replace("{customer_id}", customer);
}
