/** The domain as the contract writes it. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate, type Timestamp } from "@bufbuild/protobuf/wkt";

import {
  InAppMessageSchema,
  NotificationDeliverySchema,
  NotificationPreferencesSchema,
  WebhookEndpointDisableReason as DisableReason,
  WebhookEndpointSchema,
  type InAppMessage,
  type NotificationDelivery,
  type NotificationPreferences,
  type WebhookEndpoint,
} from "./contract.js";
import { describe } from "./failure.js";
import { etagOf, type Preferences } from "./preferences.js";
import type { Delivery } from "./store/deliveries.js";
import type { Endpoint } from "./store/endpoints.js";
import type { Message } from "./store/messages.js";

/** Returns preferences as they are answered. */
export function wirePreferences(preferences: Preferences): NotificationPreferences {
  return create(NotificationPreferencesSchema, {
    customerId: preferences.customer,
    emailAddress: preferences.emailAddress,
    emailAddressConfirmed: preferences.emailAddress !== "" && preferences.emailConfirmedTime !== undefined,
    locale: preferences.locale,
    defaultChannels: preferences.defaultChannels,
    kinds: preferences.kinds as MessageInitShape<typeof NotificationPreferencesSchema>["kinds"] & object,
    etag: etagOf(preferences.customer, preferences.version),
    ...optional("updateTime", preferences.updateTime),
  });
}

const DISABLE_REASONS: Readonly<Record<Endpoint["disableReason"], DisableReason>> = {
  "": DisableReason.UNSPECIFIED,
  requested: DisableReason.REQUESTED,
  gone: DisableReason.GONE,
  failing: DisableReason.FAILING,
};

/** Returns an endpoint as it is answered: without its secrets. */
export function wireEndpoint(endpoint: Endpoint): WebhookEndpoint {
  return create(WebhookEndpointSchema, {
    endpointId: endpoint.id,
    owner: endpoint.owner,
    url: endpoint.url,
    eventTypes: endpoint.eventTypes,
    description: endpoint.description,
    state: endpoint.state,
    disableReason: DISABLE_REASONS[endpoint.disableReason],
    etag: etagOf(endpoint.id, endpoint.version),
    createTime: timestampFromDate(endpoint.createTime),
    updateTime: timestampFromDate(endpoint.updateTime),
    ...optional("lastSuccessTime", endpoint.lastSuccessTime),
    ...optional("failingStartTime", endpoint.failingStartTime),
    ...optional("previousSecretExpireTime", endpoint.previousSecretExpireTime),
  });
}

/** Returns a delivery as it is answered. */
export function wireDelivery(delivery: Delivery): NotificationDelivery {
  return create(NotificationDeliverySchema, {
    deliveryId: delivery.id,
    eventId: delivery.eventId,
    eventType: delivery.eventType,
    subject: delivery.subject,
    channel: delivery.channel,
    kind: delivery.kind,
    customerId: delivery.customer,
    endpointId: delivery.endpoint,
    state: delivery.state,
    key: delivery.key,
    attemptCount: delivery.attempts,
    ...describe(delivery.failure),
    createTime: timestampFromDate(delivery.createTime),
    ...optional("nextAttemptTime", delivery.nextTime),
    ...optional("endTime", delivery.endTime),
  });
}

/** Returns a message as it is answered. */
export function wireMessage(message: Message): InAppMessage {
  return create(InAppMessageSchema, {
    messageId: message.id,
    customerId: message.customer,
    kind: message.kind,
    title: message.title,
    body: message.body,
    subject: message.subject,
    sequence: BigInt(message.sequence),
    read: message.isRead,
    eventTime: timestampFromDate(message.eventTime),
    createTime: timestampFromDate(message.createTime),
  });
}

function optional<K extends string>(name: K, date: Date | undefined): Partial<Record<K, Timestamp>> {
  return date === undefined ? {} : ({ [name]: timestampFromDate(date) } as Record<K, Timestamp>);
}

/** Returns a filter's text; undefined when it is empty, which means that it does not filter. */
export function unlessEmpty(text: string): string | undefined {
  return text === "" ? undefined : text;
}
