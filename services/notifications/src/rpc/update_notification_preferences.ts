/** UpdateNotificationPreferences: changes what a customer wants to be notified of, and how. A new address is sent a code that confirms it. */
import { isDeepStrictEqual } from "node:util";

import { create } from "@bufbuild/protobuf";
import type { Tx } from "@souk/chassis";

import { ADDRESS_RULE, isAddress } from "../address.js";
import { customerOf } from "../caller.js";
import { askToConfirm, forgetToConfirm, isGood } from "../confirmation.js";
import {
  NotificationPreferencesSchema,
  UpdateNotificationPreferencesResponseSchema,
  type NotificationPreferences,
  type UpdateNotificationPreferencesRequest,
  type UpdateNotificationPreferencesResponse,
} from "../contract.js";
import { wirePreferences } from "../convert.js";
import { Refusal, invalidField } from "../error.js";
import { fieldsOf } from "../mask.js";
import { etagOf, tidyChannels, tidyKinds, tidyLocale, type Preferences } from "../preferences.js";
import type { Notifications } from "../service.js";
import { loadConfirmation } from "../store/confirmations.js";
import { loadPreferences, savePreferences } from "../store/preferences.js";

const FIELDS = ["email_address", "locale", "default_channels", "kinds"];

export async function updateNotificationPreferences(
  service: Notifications,
  request: UpdateNotificationPreferencesRequest,
): Promise<UpdateNotificationPreferencesResponse> {
  const wanted = request.preferences ?? create(NotificationPreferencesSchema);
  const customer = customerOf(wanted.customerId, "preferences.customer_id");
  const fields = fieldsOf(request.updateMask, FIELDS);
  if (wanted.emailAddress !== "" && !isAddress(wanted.emailAddress)) throw invalidField("preferences.email_address", ADDRESS_RULE);
  const now = service.clock.now();
  const { answered, isAsked } = await service.store.write((tx) => {
    const before = loadPreferences(tx, customer);
    const after = changed(before, fields, wanted);

    // What is so already needs no etag: the call may be the repeat of one that was answered.
    const isSame = isDeepStrictEqual(before, after);
    if (!isSame) {
      const etag = etagOf(customer, before.version);
      if (wanted.etag !== "" && wanted.etag !== etag) throw Refusal.etagMismatch(etag);
      savePreferences(tx, { ...after, version: before.version + 1, updateTime: now }, now);
    }
    const isAsked = fields.has("email_address") && confirmAddress(tx, service, before, after, now);
    return { answered: wirePreferences(loadPreferences(tx, customer)), isAsked };
  });
  if (isAsked) service.dispatcher.wakeMail();
  return create(UpdateNotificationPreferencesResponseSchema, { preferences: answered });
}

/** Sends a code to an address that is new, or whose last code is no longer good. Returns whether it does. */
function confirmAddress(tx: Tx, service: Notifications, before: Preferences, after: Preferences, now: Date): boolean {
  const isNew = after.emailAddress !== before.emailAddress;
  if (after.emailAddress === "") forgetToConfirm(tx, after.customer);
  if (after.emailAddress === "" || after.emailConfirmedTime !== undefined) return false;
  if (!isNew && isGood(loadConfirmation(tx, after.customer), now)) return false;
  const { sealing, config } = service;
  askToConfirm(tx, after, { sealing, mostADay: config.email.confirmations_a_day }, now);
  return true;
}

function changed(before: Preferences, fields: ReadonlySet<string>, wanted: NotificationPreferences): Preferences {
  const after = { ...before };
  if (fields.has("email_address") && wanted.emailAddress !== before.emailAddress) {
    after.emailAddress = wanted.emailAddress;
    after.emailConfirmedTime = undefined;
  }
  if (fields.has("locale")) after.locale = tidyLocale(wanted.locale, "preferences.locale");
  if (fields.has("default_channels")) after.defaultChannels = tidyChannels(wanted.defaultChannels);
  if (fields.has("kinds")) after.kinds = tidyKinds(wanted.kinds, "preferences.kinds");
  return after;
}
