/** EnableWebhookEndpoint: an endpoint receives its events from now on. */
import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import {
  EnableWebhookEndpointResponseSchema,
  WebhookEndpointState as State,
  type EnableWebhookEndpointRequest,
  type EnableWebhookEndpointResponse,
} from "../contract.js";
import { wireEndpoint } from "../convert.js";
import { enable } from "../endpoint.js";
import { Refusal } from "../error.js";
import type { Notifications } from "../service.js";
import { loadEndpoint, saveEndpoint } from "../store/endpoints.js";

export async function enableWebhookEndpoint(
  service: Notifications,
  request: EnableWebhookEndpointRequest,
  caller: Caller,
): Promise<EnableWebhookEndpointResponse> {
  const now = service.clock.now();
  const endpoint = await service.store.write((tx) => {
    const before = loadEndpoint(tx, request.endpointId, ownerSeenBy(caller));
    if (before === undefined) throw Refusal.endpointNotFound(request.endpointId);
    if (before.state === State.ENABLED) return before;
    const enabled = enable(before, now);
    saveEndpoint(tx, enabled);
    return enabled;
  });
  service.dispatcher.wakeEndpoint(endpoint.id);
  return create(EnableWebhookEndpointResponseSchema, { endpoint: wireEndpoint(endpoint) });
}
