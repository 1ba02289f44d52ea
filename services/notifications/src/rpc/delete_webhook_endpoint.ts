/** DeleteWebhookEndpoint: deletes an endpoint and everything that waits for it. */
import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import { DeleteWebhookEndpointResponseSchema, type DeleteWebhookEndpointRequest, type DeleteWebhookEndpointResponse } from "../contract.js";
import type { Notifications } from "../service.js";
import { deleteOfEndpoint } from "../store/deliveries.js";
import { deleteEndpoint, loadEndpoint } from "../store/endpoints.js";

export async function deleteWebhookEndpoint(
  service: Notifications,
  request: DeleteWebhookEndpointRequest,
  caller: Caller,
): Promise<DeleteWebhookEndpointResponse> {
  await service.store.write((tx) => {
    if (loadEndpoint(tx, request.endpointId, ownerSeenBy(caller)) === undefined) return;
    deleteOfEndpoint(tx, request.endpointId);
    deleteEndpoint(tx, request.endpointId);
  });
  return create(DeleteWebhookEndpointResponseSchema);
}
