/** ListDeadDeliveries: the deliveries that were given up, oldest first. */
import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import {
  DeliverySchema,
  DeliveryState,
  ListDeadDeliveriesResponseSchema,
  type ListDeadDeliveriesRequest,
  type ListDeadDeliveriesResponse,
} from "../contract.js";
import { wireDelivery } from "../convert.js";
import { pageOf, unlessEmpty } from "../page.js";
import type { Notifications } from "../service.js";
import { listDeliveries } from "../store/deliveries.js";

export function listDeadDeliveries(
  service: Notifications,
  request: ListDeadDeliveriesRequest,
  caller: Caller,
): ListDeadDeliveriesResponse {
  const filter = { owner: ownerSeenBy(caller), endpoint: unlessEmpty(request.endpointId), state: DeliveryState.DEAD };
  const scope = ["ListDeadDeliveries", caller.key, request.endpointId];
  const page = pageOf(
    service.tokens,
    scope,
    request,
    (place, most) => listDeliveries(service.store.read, filter, { after: Number(place) }, most),
    DeliverySchema,
    wireDelivery,
  );
  return create(ListDeadDeliveriesResponseSchema, {
    deliveries: page.items,
    nextPageToken: page.next((last) => String(last.sequence)),
  });
}
