/** ListNotificationDeliveries: deliveries by e-mail and webhook, in the order of their creation. */
import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { pageOf, type Caller } from "@souk/chassis";

import { ownerSeenBy } from "../caller.js";
import {
  ListNotificationDeliveriesResponseSchema,
  NotificationDeliverySchema,
  type ListNotificationDeliveriesRequest,
  type ListNotificationDeliveriesResponse,
} from "../contract.js";
import { unlessEmpty, wireDelivery } from "../convert.js";
import { invalidField } from "../error.js";
import type { Notifications } from "../service.js";
import { listDeliveries, positionOf, type Filter, type Position } from "../store/deliveries.js";
import { microsOf } from "../time.js";

export function listNotificationDeliveries(
  service: Notifications,
  request: ListNotificationDeliveriesRequest,
  caller: Caller,
): ListNotificationDeliveriesResponse {
  const filter: Filter = {
    owner: ownerSeenBy(caller),
    endpoint: unlessEmpty(request.endpointId),
    states: [...new Set(request.states)].sort(),
    customer: unlessEmpty(request.customerId),
    eventId: unlessEmpty(request.eventId),
    createdFrom: timeOf("create_time_after", request.createTimeAfter),
    createdBefore: timeOf("create_time_before", request.createTimeBefore),
  };
  const order = request.orderBy === "create_time" ? "oldest first" : "newest first";
  const scope = ["ListNotificationDeliveries", caller.key, order, JSON.stringify(filter)];
  const page = pageOf(
    service.tokens,
    scope,
    request,
    (position, most) => listDeliveries(service.store.read, filter, order, positionIn(position), most),
    NotificationDeliverySchema,
    wireDelivery,
  );
  return create(ListNotificationDeliveriesResponseSchema, {
    deliveries: page.items,
    nextPageToken: page.next((last) => JSON.stringify(positionOf(last))),
  });
}

/** A token of ours is signed, so what it holds was written here. */
function positionIn(token: string): Position | undefined {
  return token === "" ? undefined : (JSON.parse(token) as Position);
}

function timeOf(field: string, time: Timestamp | undefined): number | undefined {
  if (time === undefined) return undefined;
  const micros = microsOf(time);
  if (micros === undefined) throw invalidField(field, "must be in the years 1 to 9999");
  return micros;
}
