/** UpdatePreferences: changes what an account wants to be notified of, and how. A new address is sent a code that confirms it. */
import { isDeepStrictEqual } from "node:util";

import { create } from "@bufbuild/protobuf";
import type { Caller, Tx } from "@souk/chassis";

import { ADDRESS_RULE, isAddress } from "../address.js";
import { accountOf } from "../caller.js";
import { askToConfirm, forgetToConfirm, isGood } from "../confirmation.js";
import { UpdatePreferencesResponseSchema, type UpdatePreferencesRequest, type UpdatePreferencesResponse } from "../contract.js";
import { wirePreferences } from "../convert.js";
import { Refusal, invalidField } from "../error.js";
import { fieldsOf } from "../mask.js";
import { etagOf, tidyChannels, tidyKinds, tidyLocale, type Preferences } from "../preferences.js";
import type { Notifications } from "../service.js";
import { loadConfirmation } from "../store/confirmations.js";
import { loadPreferences, savePreferences, watchedSkus, watchSkus } from "../store/preferences.js";

const FIELDS = ["email_address", "locale", "default_channels", "kinds", "watched_skus"];

export async function updatePreferences(
  service: Notifications,
  request: UpdatePreferencesRequest,
  caller: Caller,
): Promise<UpdatePreferencesResponse> {
  const account = accountOf(caller, request.accountId);
  const fields = fieldsOf(request.updateMask, FIELDS);
  if (request.emailAddress !== "" && !isAddress(request.emailAddress)) throw invalidField("email_address", ADDRESS_RULE);
  const now = service.clock.now();
  const { answered, isAsked } = await service.store.write((tx) => {
    const before = loadPreferences(tx, account);
    const watched = watchedSkus(tx, account);
    const after = changed(before, fields, request);
    const watching = fields.has("watched_skus") ? [...new Set(request.watchedSkus)].sort() : watched;

    // What is so already needs no etag: the call may be the repeat of one that was answered.
    const isSame = isDeepStrictEqual(before, after) && isDeepStrictEqual([...watched].sort(), watching);
    if (!isSame) {
      const etag = etagOf(account, before.version);
      if (request.etag !== "" && request.etag !== etag) throw Refusal.etagMismatch(etag);
      savePreferences(tx, { ...after, version: before.version + 1, updateTime: now }, now);
      watchSkus(tx, account, watching);
    }
    const isAsked = fields.has("email_address") && confirmAddress(tx, service, before, after, now);
    return { answered: wirePreferences(loadPreferences(tx, account), watchedSkus(tx, account)), isAsked };
  });
  if (isAsked) service.dispatcher.wakeMail();
  return create(UpdatePreferencesResponseSchema, { preferences: answered });
}

/** Sends a code to an address that is new, or whose last code is no longer good. Returns whether it does. */
function confirmAddress(tx: Tx, service: Notifications, before: Preferences, after: Preferences, now: Date): boolean {
  const isNew = after.emailAddress !== before.emailAddress;
  if (after.emailAddress === "") forgetToConfirm(tx, after.account);
  if (after.emailAddress === "" || after.emailConfirmedTime !== undefined) return false;
  if (!isNew && isGood(loadConfirmation(tx, after.account), now)) return false;
  const { sealing, config } = service;
  askToConfirm(tx, after, { sealing, mostADay: config.email.confirmations_a_day }, now);
  return true;
}

function changed(before: Preferences, fields: ReadonlySet<string>, request: UpdatePreferencesRequest): Preferences {
  const after = { ...before };
  if (fields.has("email_address") && request.emailAddress !== before.emailAddress) {
    after.emailAddress = request.emailAddress;
    after.emailConfirmedTime = undefined;
  }
  if (fields.has("locale")) after.locale = tidyLocale(request.locale);
  if (fields.has("default_channels")) after.defaultChannels = tidyChannels(request.defaultChannels);
  if (fields.has("kinds")) after.kinds = tidyKinds(request.kinds);
  return after;
}
