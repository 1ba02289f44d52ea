/** ListDeadDeliveries: the deliveries that were given up, oldest first. */
import { create } from "@bufbuild/protobuf";
import { pageOf, type Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import {
  DeliverySchema,
  DeliveryState,
  ListDeadDeliveriesResponseSchema,
  type ListDeadDeliveriesRequest,
  type ListDeadDeliveriesResponse,
} from "../contract.js";
import { unlessEmpty, wireDelivery } from "../convert.js";
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
    (position, most) => listDeliveries(service.store.read, filter, { after: Number(position) }, most),
    DeliverySchema,
    wireDelivery,
  );
  return create(ListDeadDeliveriesResponseSchema, {
    deliveries: page.items,
    nextPageToken: page.next((last) => String(last.sequence)),
  });
}
