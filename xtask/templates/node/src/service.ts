/** The assembly, in reading order. */
import { join } from "node:path";

import { Service, Store, define, subscription } from "@souk/chassis";
import { {{Name}}Service } from "@souk/client/gen/souk/{{package}}/v1/{{package}}_service_pb.js";

import { config } from "./config.js";
import { SUBSCRIPTION, handlers } from "./events.js";
import { rpc } from "./rpc.js";
import { check } from "./store.js";

export const definition = define({
  name: "{{name}}",
  // Seen from dist/src.
  defaultConfig: new URL("../../config.default.toml", import.meta.url),
  config,
  build: ({ entries }, { dataDir, clock }) => {
    const migrations = new URL("../../migrations/", import.meta.url);
    const store = Store.open({ file: join(dataDir, "{{name}}.sqlite3"), migrations, clock });
    const dependencies = { store, clock, mostPerCustomer: entries.most_per_customer };
    return new Service()
      .rpc({{Name}}Service, rpc(dependencies))
      .invariants(() => check(store.read))
      .subscription(subscription(store, { name: SUBSCRIPTION, handlers: handlers(dependencies), start: "earliest" }))
      .ready(() => void store.read.get("SELECT 1"))
      .store(store);
  },
});
