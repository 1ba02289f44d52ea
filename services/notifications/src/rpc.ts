/** The index of the methods, one line each. */
import type { Implementation } from "@souk/chassis";

import { NotificationService } from "./contract.js";
import { auditNotifications } from "./rpc/audit_notifications.js";
import { confirmEmailAddress } from "./rpc/confirm_email_address.js";
import { createWebhookEndpoint } from "./rpc/create_webhook_endpoint.js";
import { deleteWebhookEndpoint } from "./rpc/delete_webhook_endpoint.js";
import { dropDeadDeliveries } from "./rpc/drop_dead_deliveries.js";
import { getPreferences } from "./rpc/get_preferences.js";
import { getWebhookEndpoint } from "./rpc/get_webhook_endpoint.js";
import { listDeadDeliveries } from "./rpc/list_dead_deliveries.js";
import { listDeliveries } from "./rpc/list_deliveries.js";
import { listMessages } from "./rpc/list_messages.js";
import { listWebhookEndpoints } from "./rpc/list_webhook_endpoints.js";
import { markRead } from "./rpc/mark_read.js";
import { previewTemplate } from "./rpc/preview_template.js";
import { requeueDeadDeliveries } from "./rpc/requeue_dead_deliveries.js";
import { rotateWebhookSecret } from "./rpc/rotate_webhook_secret.js";
import { updatePreferences } from "./rpc/update_preferences.js";
import { updateWebhookEndpoint } from "./rpc/update_webhook_endpoint.js";
import { watchMessages } from "./rpc/watch_messages.js";
import type { Notifications } from "./service.js";

/** Returns the code of every method. */
export function rpc(service: Notifications): Implementation<typeof NotificationService> {
  return {
    getPreferences: (request, { caller }) => getPreferences(service, request, caller),
    updatePreferences: (request, { caller }) => updatePreferences(service, request, caller),
    confirmEmailAddress: (request, { caller }) => confirmEmailAddress(service, request, caller),
    listMessages: (request, { caller }) => listMessages(service, request, caller),
    markRead: (request, { caller }) => markRead(service, request, caller),
    watchMessages: (request, { caller, signal }) => watchMessages(service, request, caller, signal),
    createWebhookEndpoint: (request, context) => createWebhookEndpoint(service, request, context),
    getWebhookEndpoint: (request, { caller }) => getWebhookEndpoint(service, request, caller),
    listWebhookEndpoints: (request, { caller }) => listWebhookEndpoints(service, request, caller),
    updateWebhookEndpoint: (request, { caller }) => updateWebhookEndpoint(service, request, caller),
    deleteWebhookEndpoint: (request, { caller }) => deleteWebhookEndpoint(service, request, caller),
    rotateWebhookSecret: (request, context) => rotateWebhookSecret(service, request, context),
    listDeliveries: (request, { caller }) => listDeliveries(service, request, caller),
    listDeadDeliveries: (request, { caller }) => listDeadDeliveries(service, request, caller),
    requeueDeadDeliveries: (request, { caller }) => requeueDeadDeliveries(service, request, caller),
    dropDeadDeliveries: (request, { caller }) => dropDeadDeliveries(service, request, caller),
    previewTemplate: (request) => previewTemplate(service, request),
    auditNotifications: () => auditNotifications(service),
  };
}
