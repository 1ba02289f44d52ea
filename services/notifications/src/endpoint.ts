/** The rules of a webhook endpoint, pure: when it is switched off, which secrets sign. */
import { WebhookEndpointState as State, type WebhookEndpoint } from "./contract.js";
import type { Sealing } from "./sealing.js";
import type { Endpoint } from "./store/endpoints.js";
import { HOUR_MS } from "./time.js";

/** What the secrets of an endpoint are sealed for. */
export function secretPurpose(endpointId: string): string {
  return `webhook secret of ${endpointId}`;
}

/** Returns an answer with its secret opened. Throws when it was sealed with a key that is no longer there. */
export function withSecret<A extends { endpoint?: WebhookEndpoint | undefined; secret: string }>(answer: A, sealing: Sealing): A {
  const secret = sealing.open(answer.secret, secretPurpose(answer.endpoint?.endpointId ?? ""));
  if (secret === undefined) throw new Error("the secret of this response was sealed with another key; rotate it under a new request id");
  answer.secret = secret;
  return answer;
}

/** How long the secret before the present one still signs. */
export const PREVIOUS_SECRET_HOURS = 24;

/** Returns the endpoint with a new secret, sealed; the previous one also signs for a day. */
export function rotate(endpoint: Endpoint, secret: string, now: Date): Endpoint {
  return {
    ...endpoint,
    secret,
    previousSecret: endpoint.secret,
    previousSecretExpireTime: new Date(now.getTime() + PREVIOUS_SECRET_HOURS * HOUR_MS),
    version: endpoint.version + 1,
    updateTime: now,
  };
}

/** Returns the secrets that sign now, sealed, the present one first. */
export function secretsAt(endpoint: Endpoint, now: Date): string[] {
  const hasPrevious = endpoint.previousSecret !== "" && (endpoint.previousSecretExpireTime?.getTime() ?? 0) > now.getTime();
  return hasPrevious ? [endpoint.secret, endpoint.previousSecret] : [endpoint.secret];
}

/** Returns the endpoint enabled. The time of its failing begins again. */
export function enable(endpoint: Endpoint, now: Date): Endpoint {
  return { ...endpoint, state: State.ENABLED, disableReason: "", failingStartTime: undefined, version: endpoint.version + 1, updateTime: now };
}

/** Returns the endpoint disabled, with why. */
export function disable(endpoint: Endpoint, reason: "requested" | "gone" | "failing", now: Date): Endpoint {
  return { ...endpoint, state: State.DISABLED, disableReason: reason, version: endpoint.version + 1, updateTime: now };
}

/** Returns whether an endpoint has failed for so long that it is switched off. */
export function hasFailedTooLong(endpoint: Endpoint, now: Date, limit: number): boolean {
  return endpoint.failingStartTime !== undefined && now.getTime() - endpoint.failingStartTime.getTime() >= limit;
}
