/** ListWebhookEndpoints: endpoints, oldest first. */
import { create } from "@bufbuild/protobuf";
import { pageOf, type Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import { type ListWebhookEndpointsRequest, type ListWebhookEndpointsResponse, ListWebhookEndpointsResponseSchema, WebhookEndpointSchema } from "../contract.js";
import { wireEndpoint } from "../convert.js";
import type { Notifications } from "../service.js";
import { listEndpoints } from "../store/endpoints.js";

export function listWebhookEndpoints(
  service: Notifications,
  request: ListWebhookEndpointsRequest,
  caller: Caller,
): ListWebhookEndpointsResponse {
  const scope = ["ListWebhookEndpoints", caller.key];
  const page = pageOf(
    service.tokens,
    scope,
    request,
    (position, most) => listEndpoints(service.store.read, ownerSeenBy(caller), position, most),
    WebhookEndpointSchema,
    wireEndpoint,
  );
  return create(ListWebhookEndpointsResponseSchema, {
    endpoints: page.items,
    nextPageToken: page.next((last) => last.id),
  });
}
