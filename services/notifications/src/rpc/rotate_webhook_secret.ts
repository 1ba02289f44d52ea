/** RotateWebhookSecret: a new secret for an endpoint; the old one signs along for a day. */
import { create } from "@bufbuild/protobuf";

import { callerKey, ownerSeenBy, type Caller } from "../caller.js";
import {
  RotateWebhookSecretRequestSchema,
  RotateWebhookSecretResponseSchema,
  type RotateWebhookSecretRequest,
  type RotateWebhookSecretResponse,
} from "../contract.js";
import { wireEndpoint } from "../convert.js";
import { rotate } from "../endpoint.js";
import { Refusal } from "../error.js";
import type { Notifications } from "../service.js";
import { loadEndpoint, saveEndpoint } from "../store/endpoints.js";
import { once } from "../store/requests.js";
import { newSecret } from "../webhook.js";

export function rotateWebhookSecret(
  service: Notifications,
  request: RotateWebhookSecretRequest,
  caller: Caller,
): Promise<RotateWebhookSecretResponse> {
  const now = service.clock.now();
  const call = { caller: callerKey(caller), method: "RotateWebhookSecret", requestId: request.requestId, request };
  const named = { ...call, requestSchema: RotateWebhookSecretRequestSchema };
  return service.store.write((tx) =>
    once(tx, named, RotateWebhookSecretResponseSchema, now, () => {
      const before = loadEndpoint(tx, request.endpointId, ownerSeenBy(caller));
      if (before === undefined) throw Refusal.endpointNotFound(request.endpointId);
      const endpoint = rotate(before, newSecret(), now);
      saveEndpoint(tx, endpoint);
      return create(RotateWebhookSecretResponseSchema, { endpoint: wireEndpoint(endpoint), secret: endpoint.secret });
    }),
  );
}
