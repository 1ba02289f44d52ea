/** The service that the tests run. */
import { join } from "node:path";

import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { z } from "zod";

import { Service, Store, define, on, refusals, subscription, writeOnce, type Context, type Host, type Report } from "../src/index.js";
import { EchoService, ErrorReason as Reason, ErrorReasonSchema, type RepeatRequest, type SayRequest } from "./gen/souk/echo/v1/echo_pb.js";
import { HappenedSchema } from "./gen/souk/echo/v1/events_pb.js";

const refuse = refusals(ErrorReasonSchema);

const FILES = new URL("../../test/", import.meta.url);

/** Never fulfilled: for a method that ignores its signal. */
const never = new Promise<never>(() => undefined);

export interface Hooks {
  /** Called when the effect of an event is durable and the bus does not know yet. */
  committed?: () => void;
  ready?: () => void;
}

export function definition({ committed, ready = () => undefined }: Hooks = {}) {
  return define({
    name: "echo",
    defaultConfig: new URL("echo.default.toml", FILES),
    config: z.object({ greeting: z.string(), cave: z.object({ depth_metres: z.number().int().min(1).max(1000), api_key: z.string().min(3) }) }),
    build: (_config, host) => {
      const store = Store.open({ file: join(host.dataDir, "echo.db"), migrations: new URL("migrations/", FILES), clock: host.clock, log: host.log });
      const happened = on(HappenedSchema, (tx, { name }) => {
        if (name === "bad") throw new Error("cannot be handled now");
        tx.run("INSERT INTO names (name) VALUES (?)", `handled ${name}`);
        return committed;
      });
      return new Service()
        .rpc(EchoService, implementation(store, host))
        .invariants(() => check(store))
        .ready(ready)
        .subscription(subscription(store, { name: "echo", handlers: [happened], start: "earliest" }))
        .store(store);
    },
  });
}

/** Every name is of somebody. */
function check(store: Store): Report {
  const names = store.read.all("SELECT name FROM names").map((row) => String(row["name"]));
  if (names.includes("nowhere")) throw refuse(Reason.NO_ECHO, "nobody is there to echo nowhere", { name: "nowhere" });
  const ghosts = names.filter((name) => name === "ghost");
  const findings = ghosts.map((subject) => ({ invariant: "a name is of somebody", subject, detail: "nobody has it" }));
  return { findings, counts: [{ what: "names", count: BigInt(names.length) }] };
}

function implementation(store: Store, host: Host) {
  const next = createClient(EchoService, host.channel("next"));
  return {
    say: async ({ name }: SayRequest, context: Context) => {
      if (name === "nobody") {
        throw refuse(Reason.NO_ECHO, `nobody is there to echo ${name}`, { name });
      }
      if (name === "unlisted") throw refuse(Reason.UNLISTED, "the contract does not say so");
      if (name === "factless") throw refuse(Reason.NO_ECHO, "nobody is there to echo");
      if (name === "panic") throw new Error("the secret is 4711", { cause: new Error("of the cave") });
      if (name === "lost") void Promise.reject(new Error("nobody hears this"));
      if (name === "later") setImmediate(() => void crash());
      if (name === "wait") await never;
      if (name === "slow") await host.clock.sleep(300);
      return { name, seen: [context.caller.key, context.deadline.remaining().toFixed(0), context.criticality, context.traceId] };
    },
    repeat: async function* ({ name, times }: RepeatRequest, { signal }: Context) {
      for (let time = 0; time < times; time++) yield { name };
      if (name === "wait") await never;
      if (name === "polite") await host.clock.sleep(60_000, signal);
      if (name === "panic") throw new Error("the secret is 4711");
    },
    collect: async (requests: AsyncIterable<SayRequest>) => {
      const names = [];
      for await (const { name } of requests) names.push(name);
      return { name: names.join(",") };
    },
    chat: async function* (requests: AsyncIterable<SayRequest>) {
      for await (const { name } of requests) yield { name };
    },
    forward: (request: SayRequest) => next.say(request),
    save: (request: { requestId: string; name: string }, context: Context) =>
      writeOnce(store, EchoService.method.save, request as never, context, (tx) => {
        tx.run("INSERT INTO names (name) VALUES (?)", request.name);
        const number = BigInt(Number(tx.get("SELECT COUNT(*) AS n FROM names")?.["n"]) - 1);
        tx.publish(HappenedSchema, create(HappenedSchema, { name: request.name, number }));
        if (request.name === "nobody") {
          throw refuse(Reason.NO_ECHO, "nobody", { name: request.name });
        }
        return { number };
      }),
    nothing: undefined as never,
  };
}

function crash(): never {
  throw new Error("outside of everything");
}
