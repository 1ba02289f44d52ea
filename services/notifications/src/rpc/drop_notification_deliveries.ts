/** DropNotificationDeliveries: forgets dead deliveries for good. */
import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import { DropNotificationDeliveriesResponseSchema, type DropNotificationDeliveriesRequest, type DropNotificationDeliveriesResponse } from "../contract.js";
import { unlessEmpty } from "../convert.js";
import type { Notifications } from "../service.js";
import { MOST_AT_ONCE, drop } from "../store/deliveries.js";

export async function dropNotificationDeliveries(
  service: Notifications,
  request: DropNotificationDeliveriesRequest,
  caller: Caller,
): Promise<DropNotificationDeliveriesResponse> {
  const filter = {
    owner: ownerSeenBy(caller),
    endpoint: unlessEmpty(request.endpointId),
    ids: request.deliveryIds.length === 0 ? undefined : request.deliveryIds,
  };
  const droppedCount = await service.store.write((tx) => drop(tx, filter, MOST_AT_ONCE));
  return create(DropNotificationDeliveriesResponseSchema, { droppedCount });
}
