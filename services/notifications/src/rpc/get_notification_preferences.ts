/** GetNotificationPreferences: what a customer wants to be notified of, and how. */
import { create } from "@bufbuild/protobuf";

import { customerOf } from "../caller.js";
import { GetNotificationPreferencesResponseSchema, type GetNotificationPreferencesRequest, type GetNotificationPreferencesResponse } from "../contract.js";
import { wirePreferences } from "../convert.js";
import type { Notifications } from "../service.js";
import { loadPreferences } from "../store/preferences.js";

export function getNotificationPreferences(service: Notifications, request: GetNotificationPreferencesRequest): GetNotificationPreferencesResponse {
  const customer = customerOf(request.customerId);
  const { read } = service.store;
  const preferences = wirePreferences(loadPreferences(read, customer));
  return create(GetNotificationPreferencesResponseSchema, { preferences });
}
