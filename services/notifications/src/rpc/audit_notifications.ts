/** AuditNotifications: checks every invariant over the whole database. */
import { create } from "@bufbuild/protobuf";

import { AuditNotificationsResponseSchema, type AuditNotificationsResponse } from "../contract.js";
import type { Notifications } from "../service.js";
import { audit } from "../store/audit.js";

export function auditNotifications(service: Notifications): AuditNotificationsResponse {
  return create(AuditNotificationsResponseSchema, audit(service.store.read));
}
