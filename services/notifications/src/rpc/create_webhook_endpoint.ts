/** CreateWebhookEndpoint: makes an endpoint and shows its secret, once. */
import { create } from "@bufbuild/protobuf";

import { callerKey, type Caller } from "../caller.js";
import {
  CreateWebhookEndpointRequestSchema,
  CreateWebhookEndpointResponseSchema,
  WebhookEndpointState as State,
  type CreateWebhookEndpointRequest,
  type CreateWebhookEndpointResponse,
} from "../contract.js";
import { wireEndpoint } from "../convert.js";
import { Refusal } from "../error.js";
import { newId } from "../id.js";
import type { Notifications } from "../service.js";
import { countEndpoints, saveEndpoint, type Endpoint } from "../store/endpoints.js";
import { once } from "../store/requests.js";
import { newSecret } from "../webhook.js";

export function createWebhookEndpoint(
  service: Notifications,
  request: CreateWebhookEndpointRequest,
  caller: Caller,
): Promise<CreateWebhookEndpointResponse> {
  const owner = callerKey(caller);
  const now = service.clock.now();
  const problem = service.targets.problemOf(request.url);
  if (problem !== undefined) throw Refusal.targetRefused(problem);

  const call = { caller: owner, method: "CreateWebhookEndpoint", requestId: request.requestId, request };
  const named = { ...call, requestSchema: CreateWebhookEndpointRequestSchema };
  return service.store.write((tx) =>
    once(tx, named, CreateWebhookEndpointResponseSchema, now, () => {
      const most = service.config.webhooks.maxEndpointsPerOwner;
      if (countEndpoints(tx, owner) >= most) throw Refusal.tooManyEndpoints(most);
      const endpoint: Endpoint = {
        id: newId("webhook", now),
        owner,
        url: request.url,
        eventTypes: [...new Set(request.eventTypes)],
        description: request.description,
        state: State.ENABLED,
        disableReason: "",
        secret: newSecret(),
        previousSecret: "",
        previousSecretExpireTime: undefined,
        version: 1,
        createTime: now,
        updateTime: now,
        lastSuccessTime: undefined,
        failingSince: undefined,
      };
      saveEndpoint(tx, endpoint);
      return create(CreateWebhookEndpointResponseSchema, { endpoint: wireEndpoint(endpoint), secret: endpoint.secret });
    }),
  );
}
