import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { connect, type ClientHttp2Session } from "node:http2";
import { connect as connectTcp } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { create, toBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { Caller, DEVELOPMENT_KEY, developmentToken } from "../src/index.js";
import { ManualClock, eventually } from "../src/testing.js";
import { EchoService, SayRequestSchema } from "./gen/souk/echo/v1/echo_pb.js";
import { all, each, refused, startEcho } from "./support.js";

/** A message for Say, in its frame. */
const SAID = Buffer.from([0, 0, 0, 0, 5, 0x0a, 3, ...Buffer.from("you")]);
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

test("a method is told who calls, until when, how important it is and in which trace", async (t) => {
  const echo = await startEcho(t);
  const headers = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
  const { seen } = await echo.client("user:al ice 100%").say({ name: "you" }, { headers });
  deepEqual([seen[0], seen[2], seen[3]], ["user:al ice 100%", "critical", TRACE]);
  ok(Number(seen[1]) > 0 && Number(seen[1]) <= 1000, "the contract says one second");
});

test("a service says how important its call is, others do not", async (t) => {
  const echo = await startEcho(t);
  const headers = { "souk-criticality": "critical_plus" };
  equal((await echo.client("service:orders").say({ name: "you" }, { headers })).seen[2], "critical_plus");
  equal((await echo.client("user:alice").say({ name: "you" }, { headers })).seen[2], "critical");
});

test("access is what the contract says", async (t) => {
  const echo = await startEcho(t);
  const repeat = (caller: string) => all(echo.client(caller).repeat({ name: "you", times: 1 }));
  const collect = (caller: string) => echo.client(caller).collect(each({ name: "you" }));
  equal((await repeat("user:alice")).length, 1);
  equal((await refused(repeat("anonymous"))).info.reason, "ERROR_REASON_UNAUTHENTICATED");
  for (const [call, message] of [
    [repeat("service:orders"), "EchoService/Repeat may not be called by a service"],
    [repeat("staff:ann"), "EchoService/Repeat may not be called by a member of the staff"],
    [collect("user:alice"), "EchoService/Collect may not be called by a user"],
  ] as const) {
    const found = await refused(call);
    deepEqual([found.code, found.info.reason, found.info.domain], [Code.PermissionDenied, "ERROR_REASON_ACCESS_DENIED", "souk.policy"]);
    deepEqual([found.message, found.info.metadata], [`souk.echo.v1.${message}`, {}]);
  }
  equal((await refused(collect("anonymous"))).code, Code.Unauthenticated);
});

test("a token must have the scopes of the method, or every scope", async (t) => {
  const echo = await startEcho(t);
  const collect = (scopes: string[], caller = "service:orders") => echo.client(caller, scopes).collect(each({ name: "you" }));
  const chat = (scopes: string[]) => all(echo.client("staff:ann", scopes).chat(each({ name: "you" })));
  for (const scopes of [["echo.collect"], ["orders.read", "echo.collect"], ["*"], ["orders.read", "*"]]) equal((await collect(scopes)).name, "you");
  for (const scopes of [["echo.chat"], ["*"]]) equal((await chat(scopes)).length, 1);
  for (const [call, message, scopes] of [
    [collect([]), "EchoService/Collect may be called by a service whose token has the scope echo.collect", "echo.collect"],
    [collect(["echo.chat", "echo.collected", "echo.*"]), "EchoService/Collect may be called by a service whose token has the scope echo.collect", "echo.collect"],
    [chat([]), "EchoService/Chat may be called by a member of the staff whose token has the scope echo.chat", "echo.chat"],
  ] as const) {
    const found = await refused(call);
    deepEqual([found.code, found.info.reason, found.info.domain], [Code.PermissionDenied, "ERROR_REASON_ACCESS_DENIED", "souk.policy"]);
    deepEqual([found.message, found.info.metadata], [`souk.echo.v1.${message}`, { scopes }]);
  }
  // Scopes are nothing to a kind that no grant is for.
  deepEqual((await refused(collect(["*"], "staff:ann"))).info.metadata, {});
});

test("a token of a test has every scope, of services and staff, unless it says which", async (t) => {
  const echo = await startEcho(t);
  equal((await echo.client("service:orders").collect(each({ name: "you" }))).name, "you");
  equal((await all(echo.client("staff:ann").chat(each({ name: "you" })))).length, 1);
});

test("a guest may call what is for users, unless the grant excludes guests", async (t) => {
  const echo = await startEcho(t);
  const guest = echo.client("guest:x");
  equal((await guest.save({ requestId: "1", name: "tea" })).number, 0n);
  const found = await refused(all(guest.repeat({ name: "you", times: 1 })));
  deepEqual([found.code, found.info.reason, found.info.metadata], [Code.PermissionDenied, "ERROR_REASON_ACCESS_DENIED", {}]);
  equal(found.message, "souk.echo.v1.EchoService/Repeat may be called by a user who has signed in, not by a guest");
});

test("a user reaches its own customer, by whatever name, and no other", async (t) => {
  const echo = await startEcho(t);
  const [alice, bob] = [Caller.user("alice").customer, Caller.user("bob").customer];
  for (const customerId of ["", "me", alice]) equal((await echo.client("user:alice").save({ requestId: "1", name: "tea", customerId })).number, 0n);
  const found = await refused(echo.client("user:alice").save({ requestId: "2", name: "tea", customerId: bob }));
  deepEqual([found.code, found.info.reason, found.info.domain], [Code.PermissionDenied, "ERROR_REASON_OTHER_CUSTOMER", "souk.policy"]);
  deepEqual(found.fields, ["customer_id"]);

  // What others do for a customer is found again by the customer.
  const staff = echo.client("staff:ann");
  equal((await staff.save({ requestId: "1", name: "tea", customerId: alice })).number, 0n);
  equal((await staff.save({ requestId: "3", name: "tea", customerId: bob })).number, 1n);
  equal((await echo.client("user:bob").save({ requestId: "3", name: "tea" })).number, 1n);
  equal((await staff.save({ requestId: "3", name: "tea" })).number, 2n);
  const me = await refused(staff.save({ requestId: "4", name: "tea", customerId: "me" }));
  deepEqual([me.code, me.info.reason, me.info.domain, me.fields], [Code.InvalidArgument, "ERROR_REASON_INVALID_FIELD", "souk.echo", ["customer_id"]]);
});

test("a field that is for other callers must be left out", async (t) => {
  const echo = await startEcho(t);
  const request = { requestId: "1", name: "tea", remark: "by phone" };
  for (const who of ["user:alice", "guest:x"]) {
    const found = await refused(echo.client(who).save(request));
    deepEqual([found.code, found.info.reason, found.info.domain], [Code.PermissionDenied, "ERROR_REASON_FIELD_NOT_ALLOWED", "souk.policy"]);
    deepEqual([found.message, found.info.metadata, found.fields], ["remark is for staff only: leave it out", { field: "remark" }, ["remark"]]);
  }
  equal((await echo.client("staff:ann").save(request)).number, 0n);
});

test("a request is checked against its rules before its customer is looked at", async (t) => {
  const echo = await startEcho(t);
  const found = await refused(echo.client("user:alice").save({ requestId: "1", name: "tea", customerId: "bob", remark: "by phone" }));
  deepEqual([found.info.reason, found.fields], ["ERROR_REASON_INVALID_FIELD", ["customer_id"]]);
});

test("access is decided before the message is read", async (t) => {
  const echo = await startEcho(t);
  const found = await refused(all(echo.client("staff:ann").repeat({ name: "" })));
  equal(found.code, Code.PermissionDenied);
});

test("a token that is not right is refused on every method", async (t) => {
  const echo = await startEcho(t);
  const right = developmentToken(Caller.user("alice"));
  const forged = `souk-dev.${Buffer.from("staff:alice").toString("base64url")}.${right.split(".")[2]}`;
  for (const token of [developmentToken(Caller.user("alice"), [], "other"), forged, right.slice(0, -4), "souk-dev.", "x.y.z", "a".repeat(3000)]) {
    const found = await refused(echo.client().say({ name: "you" }, { headers: { authorization: `Bearer ${token}` } }));
    deepEqual([found.code, found.info.reason, found.info.domain], [Code.Unauthenticated, "ERROR_REASON_UNAUTHENTICATED", "souk.policy"]);
  }
  equal(DEVELOPMENT_KEY, "souk-development-key-that-is-no-secret");
});

/** Signs a payload with the well-known key. */
function signed(payload: string): { headers: { authorization: string } } {
  const encoded = Buffer.from(payload).toString("base64url");
  const mac = createHmac("sha256", DEVELOPMENT_KEY).update(encoded).digest("base64url");
  return { headers: { authorization: `Bearer souk-dev.${encoded}.${mac}` } };
}

test("a customer is what the token of a person says, and others have none", async (t) => {
  const echo = await startEcho(t);
  const [alice, bob] = [Caller.user("alice").customer, Caller.user("bob").customer];
  equal(alice, "customer_6hwct5gq5kb1dtg419zs3z7jba");
  equal(Caller.guest("alice").customer, "customer_7a1c0bhxjtaj4smrtkvpjhm00e");
  deepEqual([Caller.guest("x").key, Caller.user("alice").owner, Caller.staff("ann").owner, Caller.ANONYMOUS.owner], ["guest:x", alice, "staff:ann", "anonymous"]);

  // A token may name another customer than its name would give.
  await echo.client().save({ requestId: "1", name: "tea", customerId: bob }, signed(`user:alice customer=${bob}`));
  for (const [payload, says] of [
    ["user:alice", "names no customer"],
    ["guest:x echo.save", "names no customer"],
    [`staff:ann customer=${alice}`, "its caller has none"],
    [`service:orders customer=${alice}`, "its caller has none"],
    ["user:alice customer=alice", "must be `customer_`"],
    [`user:alice customer=${alice.toUpperCase()}`, "must be `customer_`"],
    [`user:alice expires=1900000000 customer=${alice}`, "names no customer"],
    [`user:alice customer=${alice} expires=soon`, "authorization header is not"],
    [`user:alice customer=${alice} expires=99999999999999`, "authorization header is not"],
  ] as const) {
    const found = await refused(echo.client().say({ name: "you" }, signed(payload)));
    deepEqual([found.code, found.info.reason], [Code.Unauthenticated, "ERROR_REASON_UNAUTHENTICATED"], payload);
    ok(found.message.includes(says), `${payload}: ${found.message}`);
  }
});

test("a token is good until it expires", async (t) => {
  const clock = new ManualClock();
  const echo = await startEcho(t, { clock });
  const expires = new Date(clock.now().getTime() + 2000);
  const headers = { authorization: `Bearer ${developmentToken(Caller.guest("x"), ["a.b"], undefined, expires)}` };
  equal((await echo.client().say({ name: "you" }, { headers })).seen[0], "guest:x");
  clock.advance(2000);
  const found = await refused(echo.client().say({ name: "you" }, { headers }));
  deepEqual([found.code, found.message], [Code.Unauthenticated, "the token has expired"]);
});

test("another key is set by identity.development_key", async (t) => {
  const echo = await startEcho(t, { set: { "identity.development_key": "k" } });
  equal((await refused(echo.client("user:alice").say({ name: "you" }))).code, Code.Unauthenticated);
  const headers = { authorization: `Bearer ${developmentToken(Caller.user("alice"), [], "k")}` };
  equal((await echo.client().say({ name: "you" }, { headers })).seen[0], "user:alice");
});

test("development tokens are refused on an address that is not loopback", async (t) => {
  const echo = await startEcho(t, { set: { "server.listen": "0.0.0.0:0" } });
  const baseUrl = `http://127.0.0.1:${echo.running.address.split(":")[1]}`;
  const client = createClient(EchoService, createGrpcTransport({ baseUrl }));
  const headers = { authorization: `Bearer ${developmentToken(Caller.user("alice"))}` };
  match((await refused(client.say({ name: "you" }, { headers }))).message, /loopback/);
  equal((await client.say({ name: "you" })).seen[0], "anonymous");
});

test("a request that breaks a rule does not reach the method, and each field is named", async (t) => {
  const echo = await startEcho(t);
  const request = { name: "x", lines: [{ quantity: 1 }, { quantity: 0 }], named: { a: { quantity: -1 } } };
  const found = await refused(echo.client().say(request));
  deepEqual([found.code, found.info.reason, found.info.domain], [Code.InvalidArgument, "ERROR_REASON_INVALID_FIELD", "souk.echo"]);
  deepEqual(found.fields, ["name", "lines[1].quantity", 'named["a"].quantity']);
});

test("each message of a stream is checked, whatever the method makes of it", async (t) => {
  const echo = await startEcho(t);
  const found = await refused(echo.client("service:orders").collect(each({ name: "you" }, { name: "x" })));
  deepEqual([found.code, found.fields], [Code.InvalidArgument, ["name"]]);
});

test("bytes that are no message are a broken rule of the whole request", async (t) => {
  const echo = await startEcho(t);
  const found = await raw(echo.running.address, Buffer.from([0, 0, 0, 0, 3, 0x0a, 0xff, 0x01]));
  equal(found["grpc-status"], "3");
  match(Buffer.from(String(found["grpc-status-details-bin"]), "base64").toString(), /ERROR_REASON_INVALID_FIELD.*souk\.echo/s);
});

test("a request that is compressed is refused with what is accepted", async (t) => {
  const echo = await startEcho(t);
  const message = gzipSync(toBinary(SayRequestSchema, create(SayRequestSchema, { name: "you" })));
  const frame = Buffer.concat([Buffer.from([1, 0, 0, 0, message.length]), message]);
  const found = await raw(echo.running.address, frame, { "grpc-encoding": "gzip" });
  deepEqual([found["grpc-status"], found["grpc-accept-encoding"], reasonOf(found)], ["12", "identity", "ERROR_REASON_UNSUPPORTED_COMPRESSION"]);
  equal((await raw(echo.running.address, SAID, { "grpc-encoding": "identity" }))["grpc-status"], "0");
});

test("what is no gRPC is answered in the words of HTTP, and logged as the caller's mistake", async (t) => {
  const echo = await startEcho(t);
  for (const kind of ["application/json", "application/grpcx", "application/grpc-web", ""]) {
    equal((await raw(echo.running.address, Buffer.from("{}"), { "content-type": kind }))[":status"], 415, kind);
  }
  for (const kind of ["application/grpc+proto", "application/grpc;charset=utf-8"]) equal((await raw(echo.running.address, SAID, { "content-type": kind }))["grpc-status"], "0", kind);
  const found = await raw(echo.running.address, SAID, { ":method": "PUT" });
  deepEqual([found[":status"], found["allow"]], [405, "POST"]);
  const [first] = echo.requests();
  deepEqual([first?.["level"], first?.["rpc.code"], first?.["rpc.reason"]], ["INFO", "INVALID_ARGUMENT", "ERROR_REASON_INVALID_FIELD"]);
});

test("a path is exact", async (t) => {
  const echo = await startEcho(t);
  for (const path of ["/souk.echo.v1.EchoService/Say/", "/souk.echo.v1.EchoService/Say?x=1", "/souk.echo.v1.EchoService/say", "//souk.echo.v1.EchoService/Say"]) {
    equal((await raw(echo.running.address, SAID, { ":path": path }))["grpc-status"], "12", path);
  }
});

test("frames that are broken are the caller's mistake", async (t) => {
  const echo = await startEcho(t);
  for (const [body, text] of [
    [Buffer.alloc(0), "no message"],
    [Buffer.from([1, ...SAID.subarray(1)]), "compressed"],
    [Buffer.from([2, ...SAID.subarray(1)]), "first byte"],
    [SAID.subarray(0, -1), "ends inside a message"],
    [SAID.subarray(0, 3), "ends inside a message"],
    [Buffer.concat([SAID, SAID]), "more than one message"],
  ] as const) {
    const found = await raw(echo.running.address, body);
    deepEqual([found["grpc-status"], reasonOf(found)], ["3", "ERROR_REASON_INVALID_FIELD"], text);
    ok(decodeURIComponent(String(found["grpc-message"])).includes(text), String(found["grpc-message"]));
  }
  ok(echo.requests().every((line) => line["level"] === "INFO" && line["rpc.code"] === "INVALID_ARGUMENT"));
});

test("a message may come in any pieces", async (t) => {
  const echo = await startEcho(t);
  const [session, request] = call(echo.running.address, {});
  t.after(() => session.destroy());
  const trailers = once(request, "trailers") as Promise<[Record<string, unknown>]>;
  for (const byte of SAID) {
    request.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  request.resume().end();
  equal((await trailers)[0]["grpc-status"], "0");
});

test("a timeout that cannot be read is refused", async (t) => {
  const echo = await startEcho(t);
  for (const timeout of ["5s", "", "5", "S", "-5S", "123456789S", "5 S"]) {
    const found = await raw(echo.running.address, SAID, { "grpc-timeout": timeout });
    deepEqual([found["grpc-status"], reasonOf(found)], ["3", "ERROR_REASON_INVALID_FIELD"], timeout);
  }
});

test("headers that are too large are refused in the words of gRPC", async (t) => {
  const echo = await startEcho(t);
  equal((await raw(echo.running.address, SAID, { "x-long": "x".repeat(15_000) }))["grpc-status"], "0");
  const found = await raw(echo.running.address, SAID, { "x-long": "x".repeat(17_000) });
  deepEqual([found["grpc-status"], reasonOf(found)], ["8", "ERROR_REASON_HEADERS_TOO_LARGE"]);
});

test("two tokens are refused", async (t) => {
  const echo = await startEcho(t);
  const headers = { ":method": "POST", ":scheme": "http", ":authority": "echo", ":path": "/souk.echo.v1.EchoService/Say", "content-type": "application/grpc" };
  const tokens = ["carts", "orders"].map((name) => ["authorization", `Bearer ${developmentToken(Caller.service(name))}`] as [string, string]);
  // Node's own client sends no such thing, so the frames are written by hand: RFC 9113, and literals of RFC 7541.
  const block = Buffer.concat([...Object.entries(headers), ...tokens].map(([name, value]) => Buffer.from([0, name.length, ...Buffer.from(name), value.length, ...Buffer.from(value)])));
  const frame = (type: number, flags: number, stream: number, payload: Buffer) => Buffer.from([0, payload.length >> 8, payload.length & 255, type, flags, 0, 0, 0, stream, ...payload]);
  const [host, port] = echo.running.address.split(":");
  const socket = connectTcp(Number(port), host).on("error", () => undefined);
  t.after(() => void socket.destroy());
  socket.resume().write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0, Buffer.alloc(0)), frame(1, 4, 1, block), frame(0, 1, 1, SAID)]));
  const line = await eventually(() => echo.requests()[0]);
  deepEqual([line["rpc.code"], line["rpc.reason"], line["caller"]], ["UNAUTHENTICATED", "ERROR_REASON_UNAUTHENTICATED", "anonymous"]);
});

test("an id that is none is refused with the rule", async (t) => {
  const echo = await startEcho(t);
  for (const [id, says] of [
    ["a\0b", "control character"],
    ["a\nb", "control character"],
    ["a\u007f", "control character"],
    ["a\u0085b", "control character"],
    ["a\u009f", "control character"],
    [" a", "with a space"],
    ["a\u3000", "with a space"],
    ["e\u0301", "normal form C"],
    ["x".repeat(129), "too long"],
  ] as const) {
    for (const kind of ["user", "staff", "service"]) {
      const found = await refused(echo.client(`${kind}:${id}`).say({ name: "you" }));
      equal(found.code, Code.Unauthenticated);
      ok(found.message.includes(says), found.message);
    }
  }
  for (const id of ["x", "a b", "\u00e9", "o'neil@example.com", "\u00e9".repeat(128), "\u{1f6d2}".repeat(128)]) {
    equal((await echo.client(`user:${id}`).say({ name: "you" })).seen[0], `user:${id}`);
  }
  const bytes = Buffer.from([...Buffer.from("user:"), 0xff]).toString("base64url");
  const signed = `souk-dev.${bytes}.${createHmac("sha256", DEVELOPMENT_KEY).update(bytes).digest("base64url")}`;
  equal((await refused(echo.client().say({ name: "you" }, { headers: { authorization: `Bearer ${signed}` } }))).code, Code.Unauthenticated);
});

test("an error has its reason, domain and facts", async (t) => {
  const echo = await startEcho(t);
  const found = await refused(echo.client().say({ name: "nobody" }));
  deepEqual([found.code, found.message], [Code.NotFound, "nobody is there to echo nobody"]);
  deepEqual([found.info.reason, found.info.domain, found.info.metadata], ["ERROR_REASON_NO_ECHO", "souk.echo", { name: "nobody" }]);
});

test("an error that the contract does not foresee is answered, logged, and fails the test of the service", async () => {
  for (const [name, reason, problem] of [
    ["unlisted", "ERROR_REASON_UNLISTED", /^souk\.echo\.v1\.EchoService\/Say failed with ERROR_REASON_UNLISTED, which/],
    ["factless", "ERROR_REASON_NO_ECHO", /ERROR_REASON_NO_ECHO and the metadata \[\], which/],
  ] as const) {
    const ends: (() => Promise<void> | void)[] = [];
    const echo = await startEcho({ after: (end) => void ends.push(end) });
    equal((await refused(echo.client().say({ name }))).info.reason, reason);
    const logged = echo.lines.map((line) => JSON.parse(line) as { level: string; message: string });
    ok(logged.some(({ level, message }) => level === "ERROR" && problem.test(message)));
    await rejects(Promise.all(ends.map((end) => end())), { code: "ERR_ASSERTION", message: new RegExp(reason) });
  }
});

test("what a method throws stays in its request, hidden from the caller and told to the log", async (t) => {
  const echo = await startEcho(t);
  const found = await refused(echo.client().say({ name: "panic" }));
  deepEqual([found.code, found.message, found.info.reason], [Code.Internal, "internal error", "ERROR_REASON_INTERNAL"]);
  deepEqual(Object.keys(found.info.metadata), ["trace_id"]);
  const stream = echo.client("user:alice").repeat({ name: "panic", times: 1 });
  equal((await refused(all(stream))).message, "internal error");
  const [line] = echo.requests();
  deepEqual([line?.["level"], line?.["error"], line?.["trace.id"]], ["ERROR", "the secret is 4711: of the cave", found.info.metadata["trace_id"]]);
  equal((await echo.client().say({ name: "you" })).name, "you");
});

test("a method that is not there is UNIMPLEMENTED", async (t) => {
  const echo = await startEcho(t);
  const found = await refused(echo.client().nothing({}));
  deepEqual([found.code, found.info.reason], [Code.Unimplemented, "ERROR_REASON_UNIMPLEMENTED"]);
  const other = await raw(echo.running.address, Buffer.alloc(5), { ":path": "/souk.other.v1.OtherService/Do" });
  equal(other["grpc-status"], "12");
  await eventually(() => echo.requests().find((line) => line["rpc.method"] === "unknown"));
});

test("the deadline is the caller's or the contract's, whichever is earlier, wherever the method waits", async (t) => {
  const echo = await startEcho(t);
  for (const timeoutMs of [50, 60_000]) {
    const started = performance.now();
    equal((await refusedOrLate(echo.client().say({ name: "wait" }, { timeoutMs }))), Code.DeadlineExceeded);
    ok(performance.now() - started < 3000);
  }
  equal(await refusedOrLate(all(echo.client("user:alice").repeat({ name: "wait", times: 1 }, { timeoutMs: 50 }))), Code.DeadlineExceeded);
  // A caller whose own clock is faster has gone away a moment before.
  await eventually(() => echo.requests().filter((line) => /DEADLINE_EXCEEDED|CANCELLED/.test(String(line["rpc.code"]))).length === 3);
  const now = await raw(echo.running.address, Buffer.alloc(5), { "grpc-timeout": "0m" });
  equal(now["grpc-status"], "4");
});

test("a caller that never sends its message is cut off at the deadline", async (t) => {
  const echo = await startEcho(t);
  const found = await raw(echo.running.address, undefined, { "grpc-timeout": "50m" });
  equal(found["grpc-status"], "4");
});

test("a caller that goes away cancels its stream and frees what it held", async (t) => {
  const echo = await startEcho(t);
  const gone = new AbortController();
  const stream = echo.client("user:alice").repeat({ name: "polite", times: 1 }, { signal: gone.signal });
  for await (const _ of stream) break;
  gone.abort();
  await eventually(() => echo.requests().find((line) => line["rpc.code"] === "CANCELLED"));
  match((await echo.page("/metrics")).text, /souk_requests_in_work 0/);
});

test("the head of a stream comes before its first answer", async (t) => {
  const echo = await startEcho(t);
  const [session, request] = call(echo.running.address, { ":path": "/souk.echo.v1.EchoService/Repeat", authorization: `Bearer ${developmentToken(Caller.user("a"))}` });
  t.after(() => session.destroy());
  const head = new Promise((resolve) => request.on("response", resolve));
  request.end(Buffer.from([0, 0, 0, 0, 8, 0x0a, 6, ...Buffer.from("polite")]));
  await head;
});

test("a request whose end the caller does not send is answered all the same", async (t) => {
  const echo = await startEcho(t);
  const [session, request] = call(echo.running.address, { ":path": "/grpc.health.v1.Health/Watch" });
  t.after(() => session.destroy());
  request.write(Buffer.alloc(5));
  const [first] = (await once(request, "data")) as [Buffer];
  deepEqual([...first.subarray(5)], [8, 1]);
  const trailers = once(request, "trailers") as Promise<[Record<string, unknown>]>;
  await echo.stop();
  equal((await trailers)[0]["grpc-status"], "14");
});

test("open streams of a caller are bounded, those of another caller are not touched", async (t) => {
  const echo = await startEcho(t, { set: { "server.max_streams_per_caller": 1 } });
  const open = echo.client("user:alice").repeat({ name: "polite", times: 1 })[Symbol.asyncIterator]();
  await open.next();
  const found = await refused(all(echo.client("user:alice").repeat({ name: "you", times: 1 })));
  deepEqual([found.code, found.info.reason], [Code.ResourceExhausted, "ERROR_REASON_TOO_MANY_STREAMS"]);
  equal((await all(echo.client("user:bob").repeat({ name: "you", times: 1 }))).length, 1);
});

test("requests at once are bounded", async (t) => {
  const echo = await startEcho(t, { set: { "server.max_requests": 1 } });
  const open = echo.client("user:alice").repeat({ name: "polite", times: 1 })[Symbol.asyncIterator]();
  await open.next();
  equal((await refused(echo.client().say({ name: "you" }))).info.reason, "ERROR_REASON_OVERLOADED");
});

test("a message that is too large is refused", async (t) => {
  const echo = await startEcho(t, { set: { "server.max_message_bytes": 100 } });
  const found = await refused(echo.client().say({ name: "x".repeat(101) }));
  deepEqual([found.code, found.info.reason], [Code.ResourceExhausted, "ERROR_REASON_MESSAGE_TOO_LARGE"]);
  equal(found.message, "a message of 103 bytes is too large, at most 100 are allowed");
});

test("a long message that was refused does not keep its connection", async (t) => {
  const echo = await startEcho(t, { set: { "server.max_message_bytes": 70_000, "server.drain_seconds": 2 } });
  const [session, request] = call(echo.running.address, {});
  t.after(() => session.destroy());
  const head = once(request, "response") as Promise<[Record<string, unknown>]>;
  request.end(Buffer.concat([Buffer.from([0, 0, 1, 134, 160]), Buffer.alloc(100_000)]));
  equal((await head)[0]["grpc-status"], "8");
  await echo.stop();
});

test("each request is logged once and counted, and an e-mail address is not written down", async (t) => {
  const echo = await startEcho(t);
  await echo.client("user:alice@example.com").say({ name: "you" });
  await refused(echo.client().say({ name: "nobody" }));
  const [first, second] = echo.requests();
  deepEqual(Object.keys(first ?? {}), ["level", "timestamp", "rpc.method", "rpc.code", "rpc.duration_ms", "caller", "trace.id", "message"]);
  deepEqual([first?.["rpc.method"], first?.["rpc.code"], first?.["caller"]], ["souk.echo.v1.EchoService/Say", "OK", "user:[hidden]"]);
  deepEqual([second?.["rpc.code"], second?.["rpc.reason"], second?.["level"]], ["NOT_FOUND", "ERROR_REASON_NO_ECHO", "INFO"]);
  equal(echo.requests().length, 2);
  const { text } = await echo.page("/metrics");
  const labels = 'rpc_system_name="grpc",rpc_method="souk.echo.v1.EchoService/Say",rpc_response_status_code=';
  match(text, new RegExp(`rpc_server_call_duration_seconds_bucket\\{le="0.005",${labels}"OK"\\} [01]`));
  ok(text.includes(`rpc_server_call_duration_seconds_count{${labels}"NOT_FOUND",error_type="NOT_FOUND"} 1`), text);
});

function reasonOf(found: Record<string, unknown>): string | undefined {
  return /ERROR_REASON_[A-Z_]+/.exec(Buffer.from(String(found["grpc-status-details-bin"]), "base64").toString("latin1"))?.[0];
}

/** Returns the code; an answer at the deadline may come from the caller's own clock, without details. */
async function refusedOrLate(work: Promise<unknown>): Promise<Code | undefined> {
  return work.then(
    () => undefined,
    (error: { code: Code }) => error.code,
  );
}

function call(address: string, headers: Record<string, string>): [ClientHttp2Session, ReturnType<ClientHttp2Session["request"]>] {
  const session = connect(`http://${address}`);
  const standard = { ":method": "POST", ":path": "/souk.echo.v1.EchoService/Say", "content-type": "application/grpc", te: "trailers" };
  return [session, session.request({ ...standard, ...headers })];
}

/** Sends a body as it is; without one the request stays open. Returns headers and trailers. */
async function raw(address: string, body: Buffer | undefined, headers: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const [session, request] = call(address, headers);
  const found: Record<string, unknown> = {};
  request.on("response", (head) => Object.assign(found, head));
  request.on("trailers", (tail) => Object.assign(found, tail));
  const ended = new Promise<void>((resolve, reject) => request.on("error", reject).on("close", resolve));
  request.resume();
  if (body !== undefined) request.end(body);
  await ended;
  session.destroy();
  return found;
}
