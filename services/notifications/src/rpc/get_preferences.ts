/** GetPreferences: what an account wants to be notified of, and how. */
import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { accountOf } from "../caller.js";
import { GetPreferencesResponseSchema, type GetPreferencesRequest, type GetPreferencesResponse } from "../contract.js";
import { wirePreferences } from "../convert.js";
import type { Notifications } from "../service.js";
import { loadPreferences, watchedSkus } from "../store/preferences.js";

export function getPreferences(service: Notifications, request: GetPreferencesRequest, caller: Caller): GetPreferencesResponse {
  const account = accountOf(caller, request.accountId);
  const { read } = service.store;
  const preferences = wirePreferences(loadPreferences(read, account), watchedSkus(read, account));
  return create(GetPreferencesResponseSchema, { preferences });
}
