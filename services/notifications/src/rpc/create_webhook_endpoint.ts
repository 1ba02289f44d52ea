/** CreateWebhookEndpoint: makes an endpoint and shows its secret, once. */
import { newId, writeOnce, type Context } from "@souk/chassis";

import {
  NotificationService,
  WebhookEndpointState as State,
  type CreateWebhookEndpointRequest,
  type CreateWebhookEndpointResponse,
} from "../contract.js";
import { wireEndpoint } from "../convert.js";
import { secretPurpose, withSecret } from "../endpoint.js";
import { Refusal } from "../error.js";
import type { Notifications } from "../service.js";
import { countEndpoints, saveEndpoint, type Endpoint } from "../store/endpoints.js";
import { newSecret } from "../webhook.js";

export async function createWebhookEndpoint(
  service: Notifications,
  request: CreateWebhookEndpointRequest,
  context: Context,
): Promise<CreateWebhookEndpointResponse> {
  const owner = context.caller.key;
  const now = service.clock.now();
  const problem = service.targets.problemOf(request.url);
  if (problem !== undefined) throw Refusal.targetRefused(problem);

  const made = await writeOnce(service.store, NotificationService.method.createWebhookEndpoint, request, context, (tx) => {
    const most = service.config.webhooks.max_endpoints_per_owner;
    if (countEndpoints(tx, owner) >= most) throw Refusal.tooManyEndpoints(most);
    const id = newId("webhook", now);
    const endpoint: Endpoint = {
      id,
      owner,
      url: request.url,
      eventTypes: [...new Set(request.eventTypes)],
      description: request.description,
      state: State.ENABLED,
      disableReason: "",
      secret: service.sealing.seal(newSecret(), secretPurpose(id)),
      previousSecret: "",
      previousSecretExpireTime: undefined,
      version: 1,
      createTime: now,
      updateTime: now,
      lastSuccessTime: undefined,
      failingSince: undefined,
      waitTime: undefined,
    };
    saveEndpoint(tx, endpoint);
    // The answer is kept for repeats: sealed, as the secret itself.
    return { endpoint: wireEndpoint(endpoint), secret: endpoint.secret };
  });
  return withSecret(made, service.sealing);
}
