/** Deletes what has been kept long enough, in small writes. */
import type { Tx } from "@souk/chassis";

import { DeliveryState } from "./contract.js";
import type { Notifications } from "./service.js";
import { purgeRequests } from "./store/confirmations.js";
import { purgeDeliveries } from "./store/deliveries.js";
import { purgeEvents } from "./store/events.js";
import { purgeMessages } from "./store/messages.js";

const AT_ONCE = 500;
const EVERY_MS = 600_000;
/** Confirmations are limited by the day. */
const DAY_MS = 86_400_000;

/** Deletes until nothing is left to delete. Returns how many rows went. */
export async function purge(service: Notifications, stop: AbortSignal): Promise<number> {
  const { deliveredMs, deadMs, messageMs } = service.config.keep;
  const before = (age: number) => new Date(service.clock.now().getTime() - age);
  const purges: ((tx: Tx) => number)[] = [
    (tx) => purgeDeliveries(tx, DeliveryState.DELIVERED, before(deliveredMs), AT_ONCE),
    (tx) => purgeDeliveries(tx, DeliveryState.DEAD, before(deadMs), AT_ONCE),
    (tx) => purgeEvents(tx, AT_ONCE),
    (tx) => purgeMessages(tx, before(messageMs), AT_ONCE),
    (tx) => purgeRequests(tx, before(DAY_MS), AT_ONCE),
  ];
  let deleted = 0;
  for (const one of purges) {
    for (let last = AT_ONCE; last === AT_ONCE && !stop.aborted; deleted += last) last = await service.store.write(one);
  }
  return deleted;
}

/** Purges now and then until the signal. */
export async function purgeUntil(service: Notifications, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await purge(service, stop);
    await service.clock.sleep(EVERY_MS, stop);
  }
}
