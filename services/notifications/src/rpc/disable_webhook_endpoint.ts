/** DisableWebhookEndpoint: an endpoint receives nothing from now on; what waits for it becomes dead. */
import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import {
  DisableWebhookEndpointResponseSchema,
  WebhookEndpointState as State,
  type DisableWebhookEndpointRequest,
  type DisableWebhookEndpointResponse,
} from "../contract.js";
import { wireEndpoint } from "../convert.js";
import { disable } from "../endpoint.js";
import { Refusal } from "../error.js";
import type { Notifications } from "../service.js";
import { giveUpOn } from "../store/deliveries.js";
import { loadEndpoint, saveEndpoint } from "../store/endpoints.js";

export async function disableWebhookEndpoint(
  service: Notifications,
  request: DisableWebhookEndpointRequest,
  caller: Caller,
): Promise<DisableWebhookEndpointResponse> {
  const now = service.clock.now();
  const endpoint = await service.store.write((tx) => {
    const before = loadEndpoint(tx, request.endpointId, ownerSeenBy(caller));
    if (before === undefined) throw Refusal.endpointNotFound(request.endpointId);
    if (before.state === State.DISABLED) return before;
    const disabled = disable(before, "requested", now);
    saveEndpoint(tx, disabled);
    giveUpOn(tx, disabled.id, "endpoint disabled", now);
    return disabled;
  });
  return create(DisableWebhookEndpointResponseSchema, { endpoint: wireEndpoint(endpoint) });
}
