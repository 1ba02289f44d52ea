import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { Code } from "@connectrpc/connect";

import { eventually, folder } from "../src/testing.js";
import { spawnEcho } from "./process.js";
import { all, refused } from "./support.js";

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} drains: streams end, requests are finished, the exit code is 0`, async (t) => {
    const echo = await spawnEcho(t, folder(t));
    match(echo.grpc, /^127\.0\.0\.1:[0-9]+$/);
    const stream = echo.client("user:alice").repeat({ name: "wait", times: 1 })[Symbol.asyncIterator]();
    await stream.next();
    const slow = echo.client().say({ name: "slow" });
    await eventually(async () => /souk_requests_in_work 2/.test(await (await fetch(`http://${echo.metrics}/metrics`)).text()));
    echo.kill(signal);
    const found = await refused(Promise.resolve().then(() => stream.next()));
    deepEqual([found.code, found.info.reason], [Code.Unavailable, "ERROR_REASON_DRAINING"]);
    equal((await slow).name, "slow");
    equal(await echo.ended, 0);
    match(echo.stderr(), new RegExp(`INFO ${signal}: draining\n`));
  });
}

test("a request that does not end in time is named, and the exit code is 1", async (t) => {
  const echo = await spawnEcho(t, folder(t), { ECHO__SERVER__DRAIN_SECONDS: "0" });
  const slow = echo.client().say({ name: "slow" }).catch(() => undefined);
  await eventually(async () => /souk_requests_in_work 1/.test(await (await fetch(`http://${echo.metrics}/metrics`)).text()));
  echo.kill("SIGTERM");
  equal(await echo.ended, 1);
  match(echo.stderr(), /\necho: did not end in time: 1 of 1 requests\n$/);
  await slow;
});

test("a wrong setting ends the start with 64 and one line, before anything is touched", async (t) => {
  const dataDir = join(folder(t), "data");
  for (const [variable, value] of [["ECHO__SERVER__LISTENS", "x"], ["ECHO__CAVE__DEPTH_METRES", "0"], ["ECHO__SERVER__LISTEN", "here"], ["ECHO__IDENTITY__SCOPES", "orders"]] as const) {
    const echo = await spawnEcho(t, dataDir, { [variable]: value }, { waits: false });
    equal(await echo.ended, 64);
    match(echo.stderr(), /^echo: [^\n]+\n$/);
  }
  const config = join(folder(t), "echo.toml");
  writeFileSync(config, "greetings = 1\n");
  for (const args of [["--config", config], ["--config", "/nowhere.toml"], ["--more"]]) {
    const echo = await spawnEcho(t, dataDir, {}, { waits: false, args });
    equal(await echo.ended, 64);
    ok(echo.stderr().includes(args.at(-1) ?? ""), echo.stderr());
  }
  equal(existsSync(dataDir), false);
});

test("an address that is taken ends the start with 1 and names it", async (t) => {
  const taken = createServer().listen(0, "127.0.0.1");
  t.after(() => void taken.close());
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as { port: number };
  const echo = await spawnEcho(t, folder(t), { ECHO__SERVER__METRICS_LISTEN: `127.0.0.1:${port}` }, { waits: false });
  equal(await echo.ended, 1);
  match(echo.stderr(), new RegExp(`^echo: server\\.metrics_listen: cannot listen on 127.0.0.1:${port}: .*\n$`));
});

test("a second process on the same folder ends with 1", async (t) => {
  const dataDir = folder(t);
  await spawnEcho(t, dataDir);
  const second = await spawnEcho(t, dataDir, { ECHO__SERVER__READY_FILE: "" }, { waits: false });
  equal(await second.ended, 1);
  match(second.stderr(), /^echo: .*echo\.db is open in another process\n$/);
});

test("what was answered is there after SIGKILL", async (t) => {
  const dataDir = folder(t);
  const echo = await spawnEcho(t, dataDir);
  for (let number = 0; number < 20; number++) {
    equal((await echo.client("user:alice").save({ requestId: String(number), name: "a" })).number, BigInt(number));
  }
  echo.kill("SIGKILL");
  await echo.ended;
  const again = await spawnEcho(t, dataDir);
  equal((await again.client("user:alice").save({ requestId: "19", name: "a" })).number, 19n);
  equal((await again.client("user:alice").save({ requestId: "new", name: "a" })).number, 20n);
});

test("a promise that nobody waits for is logged and counted, and the process goes on", async (t) => {
  const echo = await spawnEcho(t, folder(t));
  await echo.client().say({ name: "lost" });
  await eventually(() => echo.stderr().includes("unhandled promise rejection: nobody hears this"));
  equal((await echo.client().say({ name: "you" })).name, "you");
  match(await (await fetch(`http://${echo.metrics}/metrics`)).text(), /souk_unhandled_rejections_total 1/);
});

test("an exception outside of all requests stops the process in good order", async (t) => {
  const echo = await spawnEcho(t, folder(t));
  await echo.client().say({ name: "later" });
  equal(await echo.ended, 1);
  match(echo.stderr(), /ERROR uncaught exception, the process stops: outside of everything\n/);
});

test("text lines read as those of the Rust services do", async (t) => {
  const echo = await spawnEcho(t, folder(t));
  await all(echo.client("user:al\\ni\"ce").repeat({ name: "you", times: 1 }));
  await refused(echo.client("user:alice").say({ name: "panic" }));
  const line = await eventually(() => echo.stderr().split("\n").filter((one) => one.includes(" request ")).length === 2 && echo.stderr());
  match(line, /^[-0-9]+T[:0-9]+\.[0-9]{6}Z {2}INFO request souk\.echo\.v1\.EchoService\/Repeat rpc\.code=OK rpc\.duration_ms=[0-9]+\.[0-9]{3} caller=user:al\\\\ni\\"ce trace\.id=[0-9a-f]{32}$/m);
  match(line, /Z ERROR request souk\.echo\.v1\.EchoService\/Say rpc\.code=INTERNAL rpc\.reason=ERROR_REASON_INTERNAL rpc\.duration_ms=[0-9.]+ caller=user:alice trace\.id=[0-9a-f]{32} error="the secret is 4711: of the cave"$/m);
});

test("the ready file tells both addresses", async (t) => {
  const dataDir = folder(t);
  const echo = await spawnEcho(t, dataDir);
  equal(readFileSync(join(dataDir, "ready"), "utf8"), `grpc=${echo.grpc}\nmetrics=${echo.metrics}\n`);
});
