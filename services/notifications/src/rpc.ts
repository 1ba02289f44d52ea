/** The index of the methods, one line each. */
import type { Implementation } from "@souk/chassis";

import { NotificationService } from "./contract.js";
import { confirmEmailAddress } from "./rpc/confirm_email_address.js";
import { createWebhookEndpoint } from "./rpc/create_webhook_endpoint.js";
import { deleteWebhookEndpoint } from "./rpc/delete_webhook_endpoint.js";
import { disableWebhookEndpoint } from "./rpc/disable_webhook_endpoint.js";
import { dropNotificationDeliveries } from "./rpc/drop_notification_deliveries.js";
import { enableWebhookEndpoint } from "./rpc/enable_webhook_endpoint.js";
import { getNotificationPreferences } from "./rpc/get_notification_preferences.js";
import { getWebhookEndpoint } from "./rpc/get_webhook_endpoint.js";
import { listInAppMessages } from "./rpc/list_in_app_messages.js";
import { listNotificationDeliveries } from "./rpc/list_notification_deliveries.js";
import { listWebhookEndpoints } from "./rpc/list_webhook_endpoints.js";
import { markInAppMessagesRead } from "./rpc/mark_in_app_messages_read.js";
import { previewNotificationTemplate } from "./rpc/preview_notification_template.js";
import { requeueNotificationDeliveries } from "./rpc/requeue_notification_deliveries.js";
import { rotateWebhookSecret } from "./rpc/rotate_webhook_secret.js";
import { updateNotificationPreferences } from "./rpc/update_notification_preferences.js";
import { updateWebhookEndpoint } from "./rpc/update_webhook_endpoint.js";
import { watchInAppMessages } from "./rpc/watch_in_app_messages.js";
import type { Notifications } from "./service.js";

/** Returns the code of every method. */
export function rpc(service: Notifications): Implementation<typeof NotificationService> {
  return {
    getNotificationPreferences: (request) => getNotificationPreferences(service, request),
    updateNotificationPreferences: (request) => updateNotificationPreferences(service, request),
    confirmEmailAddress: (request) => confirmEmailAddress(service, request),
    listInAppMessages: (request, { caller }) => listInAppMessages(service, request, caller),
    markInAppMessagesRead: (request) => markInAppMessagesRead(service, request),
    watchInAppMessages: (request, { signal }) => watchInAppMessages(service, request, signal),
    createWebhookEndpoint: (request, context) => createWebhookEndpoint(service, request, context),
    getWebhookEndpoint: (request, { caller }) => getWebhookEndpoint(service, request, caller),
    listWebhookEndpoints: (request, { caller }) => listWebhookEndpoints(service, request, caller),
    updateWebhookEndpoint: (request, { caller }) => updateWebhookEndpoint(service, request, caller),
    enableWebhookEndpoint: (request, { caller }) => enableWebhookEndpoint(service, request, caller),
    disableWebhookEndpoint: (request, { caller }) => disableWebhookEndpoint(service, request, caller),
    deleteWebhookEndpoint: (request, { caller }) => deleteWebhookEndpoint(service, request, caller),
    rotateWebhookSecret: (request, context) => rotateWebhookSecret(service, request, context),
    listNotificationDeliveries: (request, { caller }) => listNotificationDeliveries(service, request, caller),
    requeueNotificationDeliveries: (request, { caller }) => requeueNotificationDeliveries(service, request, caller),
    dropNotificationDeliveries: (request, { caller }) => dropNotificationDeliveries(service, request, caller),
    previewNotificationTemplate: (request) => previewNotificationTemplate(service, request),
  };
}
