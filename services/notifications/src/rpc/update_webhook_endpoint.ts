/** UpdateWebhookEndpoint: changes an endpoint; enabling it starts it again. */
import { isDeepStrictEqual } from "node:util";

import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import {
  UpdateWebhookEndpointResponseSchema,
  WebhookEndpointState as State,
  type UpdateWebhookEndpointRequest,
  type UpdateWebhookEndpointResponse,
} from "../contract.js";
import { wireEndpoint } from "../convert.js";
import { Refusal } from "../error.js";
import { etagOf } from "../preferences.js";
import { fieldsOf } from "../mask.js";
import type { Notifications } from "../service.js";
import { giveUpOn } from "../store/deliveries.js";
import { loadEndpoint, saveEndpoint, type Endpoint } from "../store/endpoints.js";
import type { Targets } from "../target.js";

const FIELDS = ["url", "event_types", "description", "state"];

export async function updateWebhookEndpoint(
  service: Notifications,
  request: UpdateWebhookEndpointRequest,
  caller: Caller,
): Promise<UpdateWebhookEndpointResponse> {
  const now = service.clock.now();
  const endpoint = await service.store.write((tx) => {
    const before = loadEndpoint(tx, request.endpointId, ownerSeenBy(caller));
    if (before === undefined) throw Refusal.endpointNotFound(request.endpointId);
    const after = changed(before, request, service.targets);

    // What is so already needs no etag: the call may repeat one that was applied.
    if (isDeepStrictEqual(before, after)) return before;
    const etag = etagOf(before.id, before.version);
    if (request.etag !== "" && request.etag !== etag) throw Refusal.etagMismatch(etag);

    const saved = { ...after, version: before.version + 1, updateTime: now };
    saveEndpoint(tx, saved);
    if (saved.state === State.PAUSED) giveUpOn(tx, saved.id, "endpoint paused", now);
    return saved;
  });
  service.dispatcher.wakeEndpoint(endpoint.id);
  return create(UpdateWebhookEndpointResponseSchema, { endpoint: wireEndpoint(endpoint) });
}

function changed(before: Endpoint, request: UpdateWebhookEndpointRequest, targets: Targets): Endpoint {
  const after = { ...before };
  for (const path of fieldsOf(request.updateMask, FIELDS)) {
    if (path === "url") {
      const problem = request.url === "" ? undefined : targets.problemOf(request.url);
      if (request.url === "") throw Refusal.emptyField("url");
      if (problem !== undefined) throw Refusal.targetRefused(problem);
      after.url = request.url;
    }
    if (path === "event_types") {
      if (request.eventTypes.length === 0) throw Refusal.emptyField("event_types");
      after.eventTypes = [...new Set(request.eventTypes)];
    }
    if (path === "description") after.description = request.description;
    if (path === "state") {
      if (request.state === State.UNSPECIFIED) throw Refusal.emptyField("state");
      if (request.state === before.state) continue;
      after.state = request.state;
      after.disableReason = "";
      // The time of its failing begins again.
      after.failingSince = undefined;
    }
  }
  return after;
}
