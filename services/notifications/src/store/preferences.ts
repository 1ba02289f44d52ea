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
