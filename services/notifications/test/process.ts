/** The service as a process of its own, as an operator starts it. */
import { deepEqual } from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";

import { createClient, type Client } from "@connectrpc/connect";
import { Caller } from "@souk/chassis";
import { transportTo, unlisted } from "@souk/chassis/testing";
import { InvariantService } from "@souk/client/gen/souk/ops/v1/invariant_service_pb.js";

import { NotificationService } from "#src/contract.js";
import { ROOT, SECRET_KEY, eventually, folder } from "./support.js";

/** A process that can be killed and started again on the same folder. */
export interface Process {
  dataDir: string;
  /** Everything that it has written to its log, over all starts. */
  log: () => string;
  metrics: () => string;
  /** Unless `scopes` are given, a service and staff have every scope. */
  client: (caller: Caller, scopes?: readonly string[]) => Client<typeof NotificationService>;
  /** Has it check its invariants. Returns what does not hold. */
  findings: () => Promise<unknown[]>;
  /** SIGKILL, and gone when this returns. */
  kill: () => Promise<void>;
  /** SIGTERM; returns the exit code. */
  stop: () => Promise<number | null>;
  start: () => Promise<void>;
}

/** Starts the service with these settings: `{ "smtp.url": … }`. */
export async function startProcess(t: TestContext, settings: Record<string, string>): Promise<Process> {
  const dataDir = await folder();
  const readyFile = join(dataDir, "ready");
  let child: ChildProcess | undefined;
  let log = "";
  let ready: Record<string, string> = {};

  const start = async () => {
    await rm(readyFile, { force: true });
    const all = { data_dir: dataDir, "server.listen": "127.0.0.1:0", "server.metrics_listen": "127.0.0.1:0", "server.ready_file": readyFile, "log.level": "debug", "webhooks.secret_key": SECRET_KEY, ...settings };
    const environment = Object.entries(all).map(([key, value]) => [`NOTIFICATIONS__${key.replace(".", "__").toUpperCase()}`, value]);
    const starting = spawn(process.execPath, ["dist/main.js"], { cwd: ROOT, env: { ...process.env, ...Object.fromEntries(environment) } });
    child = starting;
    for (const stream of [starting.stdout, starting.stderr]) stream.on("data", (chunk: Buffer) => (log += chunk.toString()));
    await eventually(async () => {
      if (starting.exitCode !== null) throw new Error(`it ended with ${starting.exitCode}: ${log}`);
      ready = Object.fromEntries((await readFile(readyFile, "utf8")).trim().split("\n").map((line) => line.split("=") as [string, string]));
      return ready["grpc"] !== undefined;
    }, `the process (${log})`);
  };
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null) return ending?.exitCode ?? null;
    const exited = once(ending, "exit") as Promise<[number | null]>;
    ending.kill(signal);
    return (await exited)[0];
  };
  const metrics = () => `http://${ready["metrics"]}/metrics`;
  t.after(async () => {
    const found = child?.exitCode !== null ? [] : unlisted(await (await fetch(metrics())).text());
    await end("SIGKILL");
    deepEqual(found, [], "list the reason and its facts in the contract, or do not fail with them");
  });
  await start();
  return {
    dataDir,
    log: () => log,
    metrics,
    client: (caller, scopes) => createClient(NotificationService, transportTo(ready["grpc"] ?? "", caller.key, scopes)),
    findings: async () => {
      const transport = transportTo(ready["grpc"] ?? "", Caller.staff("ann").key);
      const { reports } = await createClient(InvariantService, transport).checkInvariants({ service: "notifications" });
      return reports.flatMap((report) => report.findings);
    },
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
    start,
  };
}
