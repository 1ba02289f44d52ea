/** Deletes what has been kept long enough, in small writes. */
import type { Tx } from "@souk/chassis";

import { NotificationDeliveryState as DeliveryState } from "./contract.js";
import type { Notifications } from "./service.js";
import { purgeRequests } from "./store/confirmations.js";
import { purgeDeliveries } from "./store/deliveries.js";
import { purgeEvents } from "./store/events.js";
import { purgeMessages } from "./store/messages.js";
import { DAY_MS } from "./time.js";

const AT_ONCE = 500;
const EVERY_MS = 600_000;

/** Deletes until nothing is left to delete. Returns how many rows went. */
export async function purge(service: Notifications, stop: AbortSignal): Promise<number> {
  const { delivered_days, dead_days, message_days } = service.config.keep;
  const before = (days: number) => new Date(service.clock.now().getTime() - days * DAY_MS);
  const purges: ((tx: Tx) => number)[] = [
    (tx) => purgeDeliveries(tx, DeliveryState.DELIVERED, before(delivered_days), AT_ONCE),
    (tx) => purgeDeliveries(tx, DeliveryState.SKIPPED, before(delivered_days), AT_ONCE),
    (tx) => purgeDeliveries(tx, DeliveryState.DEAD, before(dead_days), AT_ONCE),
    (tx) => purgeEvents(tx, AT_ONCE),
    (tx) => purgeMessages(tx, before(message_days), AT_ONCE),
    // Confirmations are limited by the day.
    (tx) => purgeRequests(tx, before(1), AT_ONCE),
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
