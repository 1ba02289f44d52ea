/** UpdatePreferences: changes what an account wants to be told, and how. */
import { isDeepStrictEqual } from "node:util";

import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { accountOf } from "../caller.js";
import { UpdatePreferencesResponseSchema, type UpdatePreferencesRequest, type UpdatePreferencesResponse } from "../contract.js";
import { wirePreferences } from "../convert.js";
import { Refusal } from "../error.js";
import { etagOf, tidyChannels, tidyKinds, tidyLocale, type Preferences } from "../preferences.js";
import type { Notifications } from "../service.js";
import { loadPreferences, savePreferences, watchedSkus, watchSkus } from "../store/preferences.js";

export function updatePreferences(
  service: Notifications,
  request: UpdatePreferencesRequest,
  caller: Caller,
): Promise<UpdatePreferencesResponse> {
  const account = accountOf(caller, request.accountId);
  const now = service.clock.now();
  return service.store.write((tx) => {
    const before = loadPreferences(tx, account);
    const watched = watchedSkus(tx, account);
    const after = changed(before, request);
    const watching = request.updateMask?.paths.includes("watched_skus") ? [...new Set(request.watchedSkus)].sort() : watched;

    // What is so already needs no etag: the call may be the repeat of one that was heard.
    const isSame = isDeepStrictEqual(before, after) && isDeepStrictEqual([...watched].sort(), watching);
    if (isSame) return answer(before, watched);
    const etag = etagOf(account, before.version);
    if (request.etag !== "" && request.etag !== etag) throw Refusal.etagMismatch(etag);

    const saved = { ...after, version: before.version + 1, updateTime: now };
    savePreferences(tx, saved, now);
    watchSkus(tx, account, watching);
    return answer(saved, watchedSkus(tx, account));
  });
}

function changed(before: Preferences, request: UpdatePreferencesRequest): Preferences {
  const after = { ...before };
  for (const path of request.updateMask?.paths ?? []) {
    if (path === "email_address") after.emailAddress = request.emailAddress;
    if (path === "locale") after.locale = tidyLocale(request.locale);
    if (path === "default_channels") after.defaultChannels = tidyChannels(request.defaultChannels);
    if (path === "kinds") after.kinds = tidyKinds(request.kinds);
  }
  return after;
}

function answer(preferences: Preferences, watched: string[]): UpdatePreferencesResponse {
  return create(UpdatePreferencesResponseSchema, { preferences: wirePreferences(preferences, watched) });
}
