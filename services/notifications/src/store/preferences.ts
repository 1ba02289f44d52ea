/** What customers want to be notified of. */
import type { Reader, Tx } from "@souk/chassis";

import { defaultPreferences, type Preferences } from "../preferences.js";
import { micros, microsOrNull, text, time, timeOrNone, whole } from "./tables.js";

/** Returns the preferences of a customer; the defaults when it has set nothing. */
export function loadPreferences(reader: Reader, customer: string): Preferences {
  const row = reader.get("SELECT * FROM preferences WHERE customer = ?", customer);
  if (row === undefined) return defaultPreferences(customer);
  return {
    customer,
    emailAddress: text(row.email_address),
    emailConfirmedTime: timeOrNone(row.email_confirmed_time),
    locale: text(row.locale),
    defaultChannels: JSON.parse(text(row.default_channels)) as Preferences["defaultChannels"],
    kinds: JSON.parse(text(row.kinds)) as Preferences["kinds"],
    version: whole(row.version),
    updateTime: time(row.update_time),
  };
}

/** Writes the preferences of a customer. */
export function savePreferences(tx: Tx, preferences: Preferences, now: Date): void {
  tx.run(
    `INSERT INTO preferences (customer, email_address, email_confirmed_time, locale, default_channels, kinds, version, update_time)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (customer) DO UPDATE SET email_address = excluded.email_address,
       email_confirmed_time = excluded.email_confirmed_time, locale = excluded.locale,
       default_channels = excluded.default_channels, kinds = excluded.kinds, version = excluded.version, update_time = excluded.update_time`,
    preferences.customer,
    preferences.emailAddress,
    microsOrNull(preferences.emailConfirmedTime),
    preferences.locale,
    JSON.stringify(preferences.defaultChannels),
    JSON.stringify(preferences.kinds),
    preferences.version,
    micros(now),
  );
}

/** Returns the skus that a customer watches, sorted. */
export function watchedSkus(reader: Reader, customer: string): string[] {
  return reader.all("SELECT sku FROM watched_skus WHERE customer = ? ORDER BY sku", customer).map((row) => text(row.sku));
}

/** Sets the skus that a customer watches. One that it watches already keeps its place in the queue. */
export function watchSkus(tx: Tx, customer: string, skus: readonly string[]): void {
  const wanted = new Set(skus);
  for (const sku of watchedSkus(tx, customer)) {
    if (!wanted.has(sku)) tx.run("DELETE FROM watched_skus WHERE customer = ? AND sku = ?", customer, sku);
  }
  for (const sku of wanted) {
    tx.run("INSERT INTO watched_skus (customer, sku) VALUES (?, ?) ON CONFLICT DO NOTHING", customer, sku);
  }
}

/** Takes up to `most` customers off the queue of a sku, the first come first, and returns them. */
export function takeWatchers(tx: Tx, sku: string, most: number): string[] {
  const rows = tx.all("SELECT row, customer FROM watched_skus WHERE sku = ? ORDER BY row LIMIT ?", sku, most);
  for (const { row = null } of rows) tx.run("DELETE FROM watched_skus WHERE row = ?", row);
  return rows.map(({ customer }) => text(customer));
}
