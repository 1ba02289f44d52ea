import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http2";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";

import { systemClock } from "../src/clock.js";
import { DEVELOPMENT_KEY, identify } from "../src/identity.js";
import { Trace } from "../src/trace.js";
import { eventually, type Ending } from "../src/testing.js";
import { redacted } from "../src/index.js";
import { SayRequestSchema } from "./gen/souk/echo/v1/echo_pb.js";
import { refused, startEcho } from "./support.js";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

/** In place of trailers: the connection breaks under the call, as when the upstream dies. */
const BREAKS = { breaks: "yes" };

/** A server that answers each call with the next of these trailers, the last one again and again, and keeps what it was sent. */
async function scripted(t: Ending, answers: Record<string, string>[]): Promise<{ address: string; calls: IncomingHttpHeaders[] }> {
  const calls: IncomingHttpHeaders[] = [];
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream, headers) => {
    const trailers = answers[Math.min(calls.length, answers.length - 1)];
    calls.push(headers);
    if (trailers === BREAKS) {
      stream.session?.destroy();
      return;
    }
    stream.resume();
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers ?? {}));
    stream.end(trailers?.["grpc-status"] === "0" ? Buffer.alloc(5) : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { address: `http://127.0.0.1:${(server.address() as { port: number }).port}`, calls };
}

test("a call goes out as the service, with deadline, criticality and trace of the request", async (t) => {
  const next = await startEcho(t);
  const echo = await startEcho(t, { set: { "upstreams.next": `http://${next.running.address}` } });
  const headers = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01`, tracestate: "vendor=1" };
  // The first call of a process reads the rules of its request.
  await next.client().say({ name: "you" });
  const { seen } = await echo.client("user:alice").forward({ name: "you" }, { headers, timeoutMs: 700 });
  deepEqual([seen[0], seen[2], seen[3]], ["service:echo", "critical_plus", TRACE]);
  ok(Number(seen[1]) <= 700, `${seen[1]} ms are left`);
  match((await echo.page("/metrics")).text, /rpc_client_call_duration_seconds_count\{.*EchoService\/Say".*"OK"\} 1/);
});

test("the token of a call has the scopes that the service was granted, and no others", async (t) => {
  for (const [granted, scopes] of [["echo.collect events.subscribe", ["echo.collect", "events.subscribe"]], ["*", ["*"]], ["", []]] as const) {
    const { address, calls } = await scripted(t, [{ "grpc-status": "0" }]);
    const echo = await startEcho(t, { set: { "upstreams.next": address, "identity.scopes": granted } });
    // The caller's own scopes stay here.
    await echo.client("staff:ann", ["ops.audit"]).forward({ name: "you" });
    const { caller, scopes: sent } = identify(calls[0]?.authorization, { identityKey: DEVELOPMENT_KEY, isLoopback: true, clock: systemClock });
    deepEqual([caller.key, sent], ["service:echo", scopes]);
  }
});

test("the trace goes on below this service's own part of it", async (t) => {
  const { address, calls } = await scripted(t, [{ "grpc-status": "0" }]);
  const echo = await startEcho(t, { set: { "upstreams.next": address } });
  await echo.client().forward({ name: "you" }, { headers: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01`, tracestate: "vendor=1" } });
  match(String(calls[0]?.["traceparent"]), new RegExp(`^00-${TRACE}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
  equal(calls[0]?.["tracestate"], "vendor=1");
  match(String(calls[0]?.["grpc-timeout"]), /^[0-9]+m$/);
});

test("what may be repeated is tried three times on UNAVAILABLE, and on nothing else", async (t) => {
  for (const [answers, expected] of [
    [[{ "grpc-status": "14" }, { "grpc-status": "14" }, { "grpc-status": "0" }], 3],
    [[{ "grpc-status": "14" }], 3],
    [[{ "grpc-status": "10" }], 1],
    [[{ "grpc-status": "14", "grpc-retry-pushback-ms": "-1" }], 1],
    [[{ "grpc-status": "14", "grpc-retry-pushback-ms": "60000" }], 1],
  ] as const) {
    const { address, calls } = await scripted(t, [...answers]);
    const echo = await startEcho(t, { set: { "upstreams.next": address } });
    await echo.client().forward({ name: "you" }).catch(() => undefined);
    equal(calls.length, expected, JSON.stringify(answers));
  }
});

test("an upstream that is away is UNAVAILABLE, and so is one without an address", async (t) => {
  for (const set of [{ "upstreams.next": "http://127.0.0.1:1" }, {}]) {
    const echo = await startEcho(t, { set });
    const found = await refused(echo.client().forward({ name: "you" }));
    deepEqual([found.code, found.info.reason], [Code.Unavailable, "ERROR_REASON_UPSTREAM_UNAVAILABLE"]);
    match(String(echo.requests()[0]?.["error"]), /next cannot be reached/);
  }
});

test("a connection that breaks under a call is UNAVAILABLE, and what may be repeated is sent again", async (t) => {
  const once = await scripted(t, [BREAKS, { "grpc-status": "0" }]);
  const echo = await startEcho(t, { set: { "upstreams.next": once.address } });
  await echo.client().forward({ name: "you" });
  equal(once.calls.length, 2);

  const always = await scripted(t, [BREAKS]);
  const other = await startEcho(t, { set: { "upstreams.next": always.address } });
  const found = await refused(other.client().forward({ name: "you" }));
  deepEqual([found.code, found.info.reason, always.calls.length], [Code.Unavailable, "ERROR_REASON_UPSTREAM_UNAVAILABLE", 3]);
});

test("of several addresses one that is dead is passed over", async (t) => {
  const next = await startEcho(t);
  const echo = await startEcho(t, { set: { "upstreams.next": `http://127.0.0.1:1, http://${next.running.address}` } });
  for (let time = 0; time < 5; time++) equal((await echo.client().forward({ name: "you" })).name, "you");
});

test("what an upstream answers otherwise is a mistake of the method that asked", async (t) => {
  const { address } = await scripted(t, [{ "grpc-status": "5", "grpc-message": "secret" }]);
  const echo = await startEcho(t, { set: { "upstreams.next": address } });
  const found = await refused(echo.client().forward({ name: "you" }));
  deepEqual([found.code, found.message], [Code.Internal, "internal error"]);
});

test("a trace that cannot be read is replaced", () => {
  const given = `00-${TRACE}-00f067aa0ba902b7-01`;
  equal(Trace.following(given).id, TRACE);
  equal(Trace.following(`01${given.slice(2)}-more`).id, TRACE);
  for (const text of ["", given.slice(0, -3), `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, `00-${TRACE}-${"0".repeat(16)}-01`, given.toUpperCase(), `ff${given.slice(2)}`, `${given}-x`]) {
    const trace = Trace.following(text);
    ok(trace.id !== TRACE && trace.parent === "", text);
  }
});

test("spans go to the collector, below the caller's and with the same trace", async (t) => {
  const collector = await scripted(t, [{ "grpc-status": "0" }]);
  const echo = await startEcho(t, { set: { "telemetry.otlp_endpoint": collector.address } });
  await echo.client().say({ name: "you" }, { headers: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } });
  equal(echo.requests()[0]?.["trace.id"], TRACE);
  await echo.stop();
  await eventually(() => collector.calls.some((headers) => headers[":path"] === "/opentelemetry.proto.collector.trace.v1.TraceService/Export"));
});

test("a message is logged without what must not be", () => {
  const message = create(SayRequestSchema, { name: "you", password: "sesame", lines: [{ quantity: 1 }], named: { a: { quantity: 2 } } });
  equal(redacted(SayRequestSchema, message), '{"name":"you","lines":[{"quantity":1}],"named":{"a":{"quantity":2}}}');
});
