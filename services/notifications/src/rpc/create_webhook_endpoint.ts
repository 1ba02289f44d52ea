/** CreateWebhookEndpoint: makes an endpoint and shows its secret, once. */
import { create } from "@bufbuild/protobuf";
import { newId, writeOnce, type Context } from "@souk/chassis";

import {
  NotificationService,
  WebhookEndpointSchema,
  WebhookEndpointState as State,
  type CreateWebhookEndpointRequest,
  type CreateWebhookEndpointResponse,
} from "../contract.js";
import { wireEndpoint } from "../convert.js";
import { secretPurpose, withSecret } from "../endpoint.js";
import { Refusal, invalidField } from "../error.js";
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
  const wanted = request.endpoint ?? create(WebhookEndpointSchema);
  if (wanted.url === "") throw invalidField("endpoint.url", "must not be empty");
  if (wanted.eventTypes.length === 0) throw invalidField("endpoint.event_types", "must not be empty");
  const problem = service.targets.problemOf(wanted.url);
  if (problem !== undefined) throw Refusal.targetRefused(problem);

  const made = await writeOnce(service.store, NotificationService.method.createWebhookEndpoint, request, context, (tx) => {
    const most = service.config.webhooks.max_endpoints_per_owner;
    if (countEndpoints(tx, owner) >= most) throw Refusal.tooManyEndpoints(most);
    const id = newId("webhook", now);
    const endpoint: Endpoint = {
      id,
      owner,
      url: wanted.url,
      eventTypes: [...new Set(wanted.eventTypes)],
      description: wanted.description,
      state: State.ENABLED,
      disableReason: "",
      secret: service.sealing.seal(newSecret(), secretPurpose(id)),
      previousSecret: "",
      previousSecretExpireTime: undefined,
      version: 1,
      createTime: now,
      updateTime: now,
      lastSuccessTime: undefined,
      failingStartTime: undefined,
      waitTime: undefined,
    };
    saveEndpoint(tx, endpoint);
    // The answer is kept for repeats: sealed, as the secret itself.
    return { endpoint: wireEndpoint(endpoint), secret: endpoint.secret };
  });
  return withSecret(made, service.sealing);
}
