/** ListWebhookEndpoints: endpoints, oldest first. */
import { create } from "@bufbuild/protobuf";
import { pageOf, type Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import { type ListWebhookEndpointsRequest, type ListWebhookEndpointsResponse, ListWebhookEndpointsResponseSchema, WebhookEndpointSchema } from "../contract.js";
import { unlessEmpty, wireEndpoint } from "../convert.js";
import type { Notifications } from "../service.js";
import { listEndpoints } from "../store/endpoints.js";

export function listWebhookEndpoints(
  service: Notifications,
  request: ListWebhookEndpointsRequest,
  caller: Caller,
): ListWebhookEndpointsResponse {
  const scope = ["ListWebhookEndpoints", caller.key, request.owner];
  // Who sees its own only and asks for those of another gets none.
  const seen = ownerSeenBy(caller) ?? unlessEmpty(request.owner);
  const isForeign = request.owner !== "" && request.owner !== seen;
  const page = pageOf(
    service.tokens,
    scope,
    request,
    (position, most) => (isForeign ? [] : listEndpoints(service.store.read, seen, position, most)),
    WebhookEndpointSchema,
    wireEndpoint,
  );
  return create(ListWebhookEndpointsResponseSchema, {
    endpoints: page.items,
    nextPageToken: page.next((last) => last.id),
  });
}
