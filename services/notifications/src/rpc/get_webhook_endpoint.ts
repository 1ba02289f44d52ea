/** GetWebhookEndpoint: one endpoint, without its secret. */
import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import { GetWebhookEndpointResponseSchema, type GetWebhookEndpointRequest, type GetWebhookEndpointResponse } from "../contract.js";
import { wireEndpoint } from "../convert.js";
import { Refusal } from "../error.js";
import type { Notifications } from "../service.js";
import { loadEndpoint } from "../store/endpoints.js";

export function getWebhookEndpoint(
  service: Notifications,
  request: GetWebhookEndpointRequest,
  caller: Caller,
): GetWebhookEndpointResponse {
  const endpoint = loadEndpoint(service.store.read, request.endpointId, ownerSeenBy(caller));
  if (endpoint === undefined) throw Refusal.endpointNotFound(request.endpointId);
  return create(GetWebhookEndpointResponseSchema, { endpoint: wireEndpoint(endpoint) });
}
