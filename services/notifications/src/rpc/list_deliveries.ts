/** ListDeliveries: deliveries, newest first. */
import { create } from "@bufbuild/protobuf";
import { pageOf, type Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import { DeliverySchema, DeliveryState, type ListDeliveriesRequest, type ListDeliveriesResponse, ListDeliveriesResponseSchema } from "../contract.js";
import { unlessEmpty, wireDelivery } from "../convert.js";
import type { Notifications } from "../service.js";
import { listDeliveries as list } from "../store/deliveries.js";

export function listDeliveries(service: Notifications, request: ListDeliveriesRequest, caller: Caller): ListDeliveriesResponse {
  const filter = {
    owner: ownerSeenBy(caller),
    endpoint: unlessEmpty(request.endpointId),
    state: request.state === DeliveryState.UNSPECIFIED ? undefined : request.state,
    account: unlessEmpty(request.accountId),
    eventId: unlessEmpty(request.eventId),
  };
  const scope = ["ListDeliveries", caller.key, JSON.stringify(filter)];
  const page = pageOf(
    service.tokens,
    scope,
    request,
    (position, most) => list(service.store.read, filter, { before: position === "" ? Number.MAX_SAFE_INTEGER : Number(position) }, most),
    DeliverySchema,
    wireDelivery,
  );
  return create(ListDeliveriesResponseSchema, {
    deliveries: page.items,
    nextPageToken: page.next((last) => String(last.sequence)),
  });
}
