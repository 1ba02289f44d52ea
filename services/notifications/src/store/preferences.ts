/** What accounts want to be notified of. */
import type { Reader, Tx } from "@souk/chassis";

import { defaultPreferences, type Preferences } from "../preferences.js";
import { micros, microsOrNull, text, time, timeOrNone, whole } from "./tables.js";

/** Returns the preferences of an account; the defaults when it has set nothing. */
export function loadPreferences(reader: Reader, account: string): Preferences {
  const row = reader.get("SELECT * FROM preferences WHERE account = ?", account);
  if (row === undefined) return defaultPreferences(account);
  return {
    account,
    emailAddress: text(row.email_address),
    emailConfirmedTime: timeOrNone(row.email_confirmed_time),
    locale: text(row.locale),
    defaultChannels: JSON.parse(text(row.default_channels)) as Preferences["defaultChannels"],
    kinds: JSON.parse(text(row.kinds)) as Preferences["kinds"],
    version: whole(row.version),
    updateTime: time(row.update_time),
  };
}

/** Writes the preferences of an account. */
export function savePreferences(tx: Tx, preferences: Preferences, now: Date): void {
  tx.run(
    `INSERT INTO preferences (account, email_address, email_confirmed_time, locale, default_channels, kinds, version, update_time)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (account) DO UPDATE SET email_address = excluded.email_address,
       email_confirmed_time = excluded.email_confirmed_time, locale = excluded.locale,
       default_channels = excluded.default_channels, kinds = excluded.kinds, version = excluded.version, update_time = excluded.update_time`,
    preferences.account,
    preferences.emailAddress,
    microsOrNull(preferences.emailConfirmedTime),
    preferences.locale,
    JSON.stringify(preferences.defaultChannels),
    JSON.stringify(preferences.kinds),
    preferences.version,
    micros(now),
  );
}

/** Returns the skus that an account watches, sorted. */
export function watchedSkus(reader: Reader, account: string): string[] {
  return reader.all("SELECT sku FROM watched_skus WHERE account = ? ORDER BY sku", account).map((row) => text(row.sku));
}

/** Sets the skus that an account watches. One that it watches already keeps its place in the queue. */
export function watchSkus(tx: Tx, account: string, skus: readonly string[]): void {
  const wanted = new Set(skus);
  for (const sku of watchedSkus(tx, account)) {
    if (!wanted.has(sku)) tx.run("DELETE FROM watched_skus WHERE account = ? AND sku = ?", account, sku);
  }
  for (const sku of wanted) {
    tx.run("INSERT INTO watched_skus (account, sku) VALUES (?, ?) ON CONFLICT DO NOTHING", account, sku);
  }
}

/** Takes up to `most` accounts off the queue of a sku, the first come first, and returns them. */
export function takeWatchers(tx: Tx, sku: string, most: number): string[] {
  const rows = tx.all("SELECT row, account FROM watched_skus WHERE sku = ? ORDER BY row LIMIT ?", sku, most);
  for (const { row = null } of rows) tx.run("DELETE FROM watched_skus WHERE row = ?", row);
  return rows.map(({ account }) => text(account));
}
