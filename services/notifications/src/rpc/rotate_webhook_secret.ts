/** RotateWebhookSecret: a new secret for an endpoint; the old one signs along for a day. */
import { writeOnce, type Context } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import {
  NotificationService,
  type RotateWebhookSecretRequest,
  type RotateWebhookSecretResponse,
} from "../contract.js";
import { wireEndpoint } from "../convert.js";
import { rotate, secretPurpose, withSecret } from "../endpoint.js";
import { Refusal } from "../error.js";
import type { Notifications } from "../service.js";
import { loadEndpoint, saveEndpoint } from "../store/endpoints.js";
import { newSecret } from "../webhook.js";

export async function rotateWebhookSecret(
  service: Notifications,
  request: RotateWebhookSecretRequest,
  context: Context,
): Promise<RotateWebhookSecretResponse> {
  const now = service.clock.now();
  const rotated = await writeOnce(service.store, NotificationService.method.rotateWebhookSecret, request, context, (tx) => {
    const before = loadEndpoint(tx, request.endpointId, ownerSeenBy(context.caller));
    if (before === undefined) throw Refusal.endpointNotFound(request.endpointId);
    const endpoint = rotate(before, service.sealing.seal(newSecret(), secretPurpose(before.id)), now);
    saveEndpoint(tx, endpoint);
    // The answer is kept for repeats: sealed, as the secret itself.
    return { endpoint: wireEndpoint(endpoint), secret: endpoint.secret };
  });
  return withSecret(rotated, service.sealing);
}
