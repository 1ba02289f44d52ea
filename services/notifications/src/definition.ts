/** The service as the chassis runs it: settings, methods, the subscription to the bus, and what runs by itself. */
import { define, Service } from "@souk/chassis";
import { Counter, Gauge } from "prom-client";

import { config } from "./config.js";
import { NotificationChannel as Channel, NotificationDeliveryState as DeliveryState, NotificationService } from "./contract.js";
import { handOver } from "./handover.js";
import { purgeUntil } from "./retention.js";
import { rpc } from "./rpc.js";
import { Notifications, SUBSCRIPTION } from "./service.js";
import { audit } from "./store/audit.js";
import { countOpen } from "./store/deliveries.js";
import { grpcOrders } from "./upstream/orders.js";
import { grpcWishlists } from "./upstream/wishlists.js";

/** Everything that the chassis must know. */
export const definition = define({
  name: "notifications",
  defaultConfig: new URL("../config.default.toml", import.meta.url),
  config,
  build: async (settings, { dataDir, clock, drain, log, metrics, channel }) => {
    const attempts = new Counter({
      name: "souk_notifications_attempts_total",
      help: "Attempts to deliver, by channel and outcome.",
      labelNames: ["channel", "outcome"],
      registers: [metrics],
    });
    const counted = (channel: string, outcome: string) => attempts.inc({ channel, outcome });
    const orders = grpcOrders(channel("orders"));
    const service = await Notifications.start({ config: settings, dataDir, clock, stop: drain, log, counted, orders });
    const wishlists = grpcWishlists(channel("wishlists"));
    new Gauge({
      name: "souk_notifications_open_deliveries",
      help: "Deliveries that wait or are dead, by channel and state.",
      labelNames: ["channel", "state"],
      registers: [metrics],
      collect() {
        this.reset();
        for (const { channel, state, count } of countOpen(service.store.read)) {
          this.set({ channel: Channel[channel].toLowerCase(), state: DeliveryState[state].toLowerCase() }, count);
        }
      },
    });
    return new Service()
      .rpc(NotificationService, rpc(service))
      .invariants(() => audit(service.store.read))
      .ready(() => service.store.ping())
      // Every event is consumed, since any may have an endpoint. From the first one that is kept: what happened while this service
      // was made ready for its first start is news too; nobody is notified of what is too old.
      .subscription({ name: SUBSCRIPTION, types: [], start: "earliest", handle: ({ event }) => service.consume(event) })
      .worker("handover", (stop) => handOver({ store: service.store, wishlists, clock, log }, stop))
      .worker("retention", (stop) => purgeUntil(service, stop))
      .worker("purge", (stop) => service.store.purge().run(stop))
      .closing({ close: () => service.ended() });
  },
});
