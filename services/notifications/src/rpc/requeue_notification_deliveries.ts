/** RequeueNotificationDeliveries: tries dead deliveries again. */
import { create } from "@bufbuild/protobuf";
import type { Caller, Tx } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import {
  NotificationChannel as Channel,
  NotificationDeliveryState as DeliveryState,
  RequeueNotificationDeliveriesResponseSchema,
  WebhookEndpointState as State,
  type RequeueNotificationDeliveriesRequest,
  type RequeueNotificationDeliveriesResponse,
} from "../contract.js";
import { unlessEmpty } from "../convert.js";
import { Refusal } from "../error.js";
import type { Notifications } from "../service.js";
import { MOST_AT_ONCE, listDeliveries, requeue, type Delivery, type Filter } from "../store/deliveries.js";
import { loadEndpoint } from "../store/endpoints.js";

export async function requeueNotificationDeliveries(
  service: Notifications,
  request: RequeueNotificationDeliveriesRequest,
  caller: Caller,
): Promise<RequeueNotificationDeliveriesResponse> {
  const now = service.clock.now();
  const filter: Filter = {
    owner: ownerSeenBy(caller),
    endpoint: unlessEmpty(request.endpointId),
    ids: request.deliveryIds.length === 0 ? undefined : [...new Set(request.deliveryIds)],
  };
  const requeued = await service.store.write((tx) => {
    const wanted = filter.ids === undefined ? { ...filter, states: [DeliveryState.DEAD] } : filter;
    const known = listDeliveries(tx, wanted, "oldest first", undefined, MOST_AT_ONCE);
    const missing = filter.ids?.find((id) => !known.some((delivery) => delivery.id === id));
    if (missing !== undefined) throw Refusal.deliveryNotFound(missing);
    // One that is not dead any more was requeued by an earlier attempt of this call.
    const dead = known.filter(({ state }) => state === DeliveryState.DEAD);
    requireEnabled(tx, dead);
    for (let at = 0; at < dead.length; at += 500) requeue(tx, { ids: dead.slice(at, at + 500).map(({ id }) => id) }, now);
    return dead;
  });
  for (const endpoint of endpointsOf(requeued)) service.dispatcher.wakeEndpoint(endpoint);
  service.dispatcher.wakeMail();
  return create(RequeueNotificationDeliveriesResponseSchema, { requeuedCount: requeued.length });
}

function requireEnabled(tx: Tx, deliveries: Delivery[]): void {
  for (const endpoint of endpointsOf(deliveries)) {
    if (loadEndpoint(tx, endpoint)?.state !== State.ENABLED) throw Refusal.endpointNotEnabled(endpoint);
  }
}

function endpointsOf(deliveries: Delivery[]): Set<string> {
  return new Set(deliveries.filter(({ channel }) => channel === Channel.WEBHOOK).map(({ endpoint }) => endpoint));
}
