/** The domain as the contract writes it. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate, type Timestamp } from "@bufbuild/protobuf/wkt";

import {
  DeliverySchema,
  MessageSchema,
  PreferencesSchema,
  WebhookEndpointSchema,
  type Delivery as WireDelivery,
  type Message as WireMessage,
  type Preferences as WirePreferences,
  type WebhookEndpoint,
} from "./contract.js";
import { etagOf, type Preferences } from "./preferences.js";
import type { Delivery } from "./store/deliveries.js";
import type { Endpoint } from "./store/endpoints.js";
import type { Message } from "./store/messages.js";

/** Returns preferences as they are answered. */
export function wirePreferences(preferences: Preferences, watchedSkus: string[]): WirePreferences {
  return create(PreferencesSchema, {
    accountId: preferences.account,
    emailAddress: preferences.emailAddress,
    isEmailAddressConfirmed: preferences.emailAddress !== "" && preferences.emailConfirmedTime !== undefined,
    locale: preferences.locale,
    defaultChannels: preferences.defaultChannels,
    kinds: preferences.kinds as MessageInitShape<typeof PreferencesSchema>["kinds"] & object,
    watchedSkus,
    etag: etagOf(preferences.account, preferences.version),
    ...optional("updateTime", preferences.updateTime),
  });
}

/** Returns an endpoint as it is answered: without its secrets. */
export function wireEndpoint(endpoint: Endpoint): WebhookEndpoint {
  return create(WebhookEndpointSchema, {
    endpointId: endpoint.id,
    owner: endpoint.owner,
    url: endpoint.url,
    eventTypes: endpoint.eventTypes,
    description: endpoint.description,
    state: endpoint.state,
    disableReason: endpoint.disableReason,
    etag: etagOf(endpoint.id, endpoint.version),
    createTime: timestampFromDate(endpoint.createTime),
    updateTime: timestampFromDate(endpoint.updateTime),
    ...optional("lastSuccessTime", endpoint.lastSuccessTime),
    ...optional("failingSince", endpoint.failingSince),
    ...optional("previousSecretExpireTime", endpoint.previousSecretExpireTime),
  });
}

/** Returns a delivery as it is answered. */
export function wireDelivery(delivery: Delivery): WireDelivery {
  return create(DeliverySchema, {
    deliveryId: delivery.id,
    eventId: delivery.eventId,
    eventType: delivery.eventType,
    subject: delivery.subject,
    channel: delivery.channel,
    kind: delivery.kind,
    accountId: delivery.account,
    endpointId: delivery.endpoint,
    state: delivery.state,
    key: delivery.key,
    attempts: delivery.attempts,
    failure: delivery.failure,
    createTime: timestampFromDate(delivery.createTime),
    ...optional("nextAttemptTime", delivery.nextTime),
    ...optional("endTime", delivery.endTime),
  });
}

/** Returns a message as it is answered. */
export function wireMessage(message: Message): WireMessage {
  return create(MessageSchema, {
    messageId: message.id,
    accountId: message.account,
    kind: message.kind,
    title: message.title,
    body: message.body,
    subject: message.subject,
    sequence: BigInt(message.sequence),
    isRead: message.isRead,
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
