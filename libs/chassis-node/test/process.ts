/** The echo as a process of its own. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { createClient, type Client } from "@connectrpc/connect";

import { eventually, transportTo, type Ending } from "../src/testing.js";
import { EchoService } from "./gen/souk/echo/v1/echo_pb.js";

export interface Process {
  grpc: string;
  metrics: string;
  /** What it wrote to stderr so far. */
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, or the signal that ended it. */
  ended: Promise<number | string>;
  client(caller?: string): Client<typeof EchoService>;
}

/** Starts the echo; it ends with the test. By default waits until it serves. */
export async function spawnEcho(
  t: Ending,
  dataDir: string,
  environment: Record<string, string> = {},
  { waits = true, args = [], descriptors }: { waits?: boolean; args?: string[]; descriptors?: number } = {},
): Promise<Process> {
  const ready = join(dataDir, "ready");
  rmSync(ready, { force: true });
  const own = { ECHO__SERVER__LISTEN: "127.0.0.1:0", ECHO__SERVER__METRICS_LISTEN: "127.0.0.1:0", ECHO__DATA_DIR: dataDir, ECHO__SERVER__READY_FILE: ready, ECHO__IDENTITY__SCOPES: "events.publish events.subscribe" };
  const program = fileURLToPath(new URL("main.js", import.meta.url));
  const command = [process.execPath, program, ...args];
  const limited = descriptors === undefined ? command : ["sh", "-c", `ulimit -n ${descriptors}; exec "$@"`, "sh", ...command];
  const child = spawn(limited[0] ?? "", limited.slice(1), { env: { PATH: process.env["PATH"], ...own, ...environment }, stdio: ["ignore", "inherit", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  const ended = new Promise<number | string>((resolve) => child.once("close", (code, signal) => resolve(code ?? signal ?? "")));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const started: Process = {
    grpc: "",
    metrics: "",
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
    ended,
    client: (caller = "anonymous") => createClient(EchoService, transportTo(started.grpc, caller)),
  };
  if (!waits) return started;
  await eventually(() => existsSync(ready) || child.exitCode !== null, "the ready file");
  if (child.exitCode !== null) throw new Error(stderr);
  const lines = readFileSync(ready, "utf8").split("\n").map((line) => line.split("=")[1] ?? "");
  [started.grpc, started.metrics] = [lines[0] ?? "", lines[1] ?? ""];
  return started;
}
