/** DropDeadDeliveries: forgets dead deliveries for good. */
import { create } from "@bufbuild/protobuf";
import type { Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import { DropDeadDeliveriesResponseSchema, type DropDeadDeliveriesRequest, type DropDeadDeliveriesResponse } from "../contract.js";
import { unlessEmpty } from "../convert.js";
import type { Notifications } from "../service.js";
import { drop } from "../store/deliveries.js";

export async function dropDeadDeliveries(
  service: Notifications,
  request: DropDeadDeliveriesRequest,
  caller: Caller,
): Promise<DropDeadDeliveriesResponse> {
  const filter = {
    owner: ownerSeenBy(caller),
    endpoint: unlessEmpty(request.endpointId),
    ids: request.deliveryIds.length === 0 ? undefined : request.deliveryIds,
  };
  const dropped = await service.store.write((tx) => drop(tx, filter));
  return create(DropDeadDeliveriesResponseSchema, { dropped: BigInt(dropped) });
}
