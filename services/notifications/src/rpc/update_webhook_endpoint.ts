/** UpdateWebhookEndpoint: changes the settings of an endpoint. */
import { isDeepStrictEqual } from "node:util";

import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import {
  UpdateWebhookEndpointResponseSchema,
  WebhookEndpointSchema,
  type UpdateWebhookEndpointRequest,
  type UpdateWebhookEndpointResponse,
  type WebhookEndpoint,
} from "../contract.js";
import { wireEndpoint } from "../convert.js";
import { Refusal, invalidField } from "../error.js";
import { etagOf } from "../preferences.js";
import { fieldsOf } from "../mask.js";
import type { Notifications } from "../service.js";
import { loadEndpoint, saveEndpoint, type Endpoint } from "../store/endpoints.js";
import type { Targets } from "../target.js";

const FIELDS = ["url", "event_types", "description"];

export async function updateWebhookEndpoint(
  service: Notifications,
  request: UpdateWebhookEndpointRequest,
  caller: Caller,
): Promise<UpdateWebhookEndpointResponse> {
  const wanted = request.endpoint ?? create(WebhookEndpointSchema);
  if (wanted.endpointId === "") throw invalidField("endpoint.endpoint_id", "must not be empty");
  const fields = fieldsOf(request.updateMask, FIELDS);
  const now = service.clock.now();
  const endpoint = await service.store.write((tx) => {
    const before = loadEndpoint(tx, wanted.endpointId, ownerSeenBy(caller));
    if (before === undefined) throw Refusal.endpointNotFound(wanted.endpointId);
    const after = changed(before, fields, wanted, service.targets);

    // What is so already needs no etag: the call may repeat one that was applied.
    if (isDeepStrictEqual(before, after)) return before;
    const etag = etagOf(before.id, before.version);
    if (wanted.etag !== "" && wanted.etag !== etag) throw Refusal.etagMismatch(etag);

    const saved = { ...after, version: before.version + 1, updateTime: now };
    saveEndpoint(tx, saved);
    return saved;
  });
  return create(UpdateWebhookEndpointResponseSchema, { endpoint: wireEndpoint(endpoint) });
}

function changed(before: Endpoint, fields: ReadonlySet<string>, wanted: WebhookEndpoint, targets: Targets): Endpoint {
  const after = { ...before };
  if (fields.has("url")) {
    if (wanted.url === "") throw invalidField("endpoint.url", "must not be empty");
    const problem = targets.problemOf(wanted.url);
    if (problem !== undefined) throw Refusal.targetRefused(problem);
    after.url = wanted.url;
  }
  if (fields.has("event_types")) {
    if (wanted.eventTypes.length === 0) throw invalidField("endpoint.event_types", "must not be empty");
    after.eventTypes = [...new Set(wanted.eventTypes)];
  }
  if (fields.has("description")) after.description = wanted.description;
  return after;
}
