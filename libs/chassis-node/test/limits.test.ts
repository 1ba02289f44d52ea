import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { BlockList, connect as connectTcp, type AddressInfo, type Socket } from "node:net";
import { test } from "node:test";

import { createRegistry, ScalarType, type DescFile, type DescMessage } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

import { maxRequestBytes } from "../src/bounds.js";
import { Caller } from "../src/caller.js";
import { shapeOf, tooMany } from "../src/counts.js";
import { DecodingBudget } from "../src/decoding.js";
import { developmentToken, Refusal } from "../src/index.js";
import { Connection, Limits, networks, type Caps, type Permit } from "../src/limits.js";
import { Listener } from "../src/listen.js";
import { logger } from "../src/log.js";
import type { Criticality } from "../src/policy.js";
import { Metrics } from "../src/red.js";
import { eventually, folder, type Ending } from "../src/testing.js";
import { spawnEcho } from "./process.js";
import { startEcho } from "./support.js";

interface Vectors {
  max_request_bytes: Record<string, number>;
  lists: Record<string, Record<string, number>>;
  too_many: { path: string; field: string; message: string }[];
}

const VECTORS = JSON.parse(readFileSync(new URL("../../../../tests/contract/message_limits.json", import.meta.url), "utf8")) as Vectors;
const CLIENT = new URL("../../../../clients/typescript/dist/src/gen/souk/", import.meta.url);

/** Returns the requests of all methods of the contract, by path. */
async function requestsOf(): Promise<Map<string, DescMessage>> {
  const files = readdirSync(CLIENT, { recursive: true }).map(String).filter((name) => name.endsWith("_pb.js"));
  const modules = (await Promise.all(files.map((name) => import(new URL(name, CLIENT).href)))) as Record<string, unknown>[];
  const descriptors = modules.flatMap((one) => Object.entries(one).flatMap(([name, value]) => (name.startsWith("file_") ? [value as DescFile] : [])));
  const methods = [...createRegistry(...descriptors)].flatMap((one) => (one.kind === "service" ? one.methods : []));
  return new Map(methods.map((method) => [`/${method.parent.typeName}/${method.name}`, method.input]));
}

test("every method of the contract reads as much as its rules allow, as in all languages", async () => {
  const requests = await requestsOf();
  const found = Object.fromEntries([...requests].map(([path, request]) => [path, Math.min(16 << 20, maxRequestBytes(request))]));
  const known = Object.keys(VECTORS.max_request_bytes);
  ok(known.length > 90);
  deepEqual(Object.fromEntries(known.map((path) => [path, found[path]])), VECTORS.max_request_bytes);
});

test("a list that is too long is found in the bytes of a request", async () => {
  const requests = await requestsOf();
  ok(VECTORS.too_many.length > 3);
  for (const { path, field, message } of VECTORS.too_many) {
    const request = requests.get(path);
    ok(request !== undefined, path);
    equal(tooMany(Buffer.from(message, "base64"), shapeOf(request), 0)?.field, field === "" ? undefined : field, path);
  }
});

test("every list of every method is refused at the first item too many, and not before", async () => {
  const requests = await requestsOf();
  let lists = 0;
  for (const [path, most] of Object.entries(VECTORS.lists)) {
    const request = requests.get(path);
    ok(request !== undefined, path);
    for (const [name, max] of Object.entries(most)) {
      const shape = shapeOf(request);
      deepEqual([tooMany(items(request, name, max), shape, 0), tooMany(items(request, name, max + 1), shape, 0)?.field], [undefined, name.replaceAll("[]", "[0]")], path);
      lists += 1;
    }
  }
  ok(lists > 40);
});

/** Returns a message with this many empty elements, or numbers 0, in the list at `product.variants[].prices`. */
function items(message: DescMessage, path: string, count: number): Uint8Array {
  const [name = "", ...rest] = path.split(".");
  const field = message.fields.find((one) => one.name === name.replace("[]", ""));
  ok(field !== undefined, `${message.typeName} ${path}`);
  const writer = new BinaryWriter();
  if (rest.length > 0) {
    ok(field.message !== undefined);
    return writer.tag(field.number, WireType.LengthDelimited).bytes(items(field.message, rest.join("."), count)).finish();
  }
  const isNumber = field.message === undefined && field.fieldKind === "list" && field.scalar !== ScalarType.STRING && field.scalar !== ScalarType.BYTES;
  const element = writer.tag(field.number, isNumber ? WireType.Varint : WireType.LengthDelimited).uint32(0).finish();
  return Buffer.concat(Array<Uint8Array>(count).fill(element));
}

/** A list of `count` lines of two bytes each. */
const lines = (count: number) => Buffer.alloc(2 * count, Buffer.from([0x12, 0]));

test("millions of empty elements are refused before they are decoded", async (t) => {
  const echo = await startEcho(t);
  const client = await open(t, echo.running.address);
  const body = Buffer.concat([Buffer.from([0x0a, 3, ...Buffer.from("you")]), lines(3_500_000)]);
  const before = process.memoryUsage().rss;
  const found = await client.call("Say", framed(body));
  equal(found["grpc-status"], "3");
  equal(found["grpc-message"], "field%20lines%20must%20contain%20no%20more%20than%203%20item(s)");
  ok(process.memoryUsage().rss - before < 100 << 20, "decoded they are a gigabyte");
});

test("a message larger than its method allows is refused at its length, before it comes", async (t) => {
  const echo = await startEcho(t);
  const client = await open(t, echo.running.address);
  const { stream, answer } = client.begin("Save", { authorization: `Bearer ${developmentToken(Caller.user("alice"))}` });
  stream.write(Buffer.from([0, 0, 0, 0x10, 0]));
  const found = await answer;
  equal(found["grpc-status"], "8");
  equal(decodeURIComponent(String(found["grpc-message"])), "a message of 4096 bytes is too large, at most 3072 are allowed");
});

test("what is read at once is bounded, most tightly for callers without a token", () => {
  const budget = new DecodingBudget(100_000, 10_000);
  const first = budget.reserve(20_000, "anonymous");
  ok(first !== undefined);
  equal(budget.reserve(5_001, "anonymous"), undefined);
  ok(budget.reserve(50_000, "user") !== undefined, "what others have is not taken from it");
  equal(budget.reserve(5_000, "user"), undefined);
  equal(budget.reserve(5_000, "guest"), undefined, "guests share it with users");
  ok(budget.reserve(30_000, "service") !== undefined);
  equal(budget.reserve(5_000, "staff"), undefined, "all have it together");
  ok(budget.reserve(4096, "anonymous") !== undefined, "small ones are not counted");
  first();
  first();
  ok(budget.reserve(20_000, "staff") !== undefined);
  ok(new DecodingBudget(10_000, 10_000).reserve(10_000, "anonymous") !== undefined, "one of the largest always fits");
});

const CAPS: Caps = {
  max_requests: 100,
  max_streams_per_caller: 2,
  max_requests_per_connection: 1000,
  max_requests_per_peer: 1000,
  max_unsent_bytes_per_peer: 100,
  max_connections: 3,
  max_connections_per_peer: 2,
};

function limitsOf(caps: Partial<Caps> = {}, proxies: string[] = [], descriptors = Infinity) {
  const said: string[] = [];
  const log = logger({ format: "json", level: "info", write: (line) => said.push(line) });
  return { limits: new Limits({ ...CAPS, ...caps }, networks(proxies) ?? new BlockList(), descriptors, new Metrics(), log), said };
}

function enter(limits: Limits, connection: Connection | undefined, caller: Caller, criticality: Criticality = "critical", more = {}): Permit {
  ok(connection !== undefined);
  return limits.enter({ connection, caller, criticality, isStreaming: false, isBackground: false, ...more });
}

const isRefused = (reason: string, text = "") => (error: unknown) => {
  ok(error instanceof Refusal);
  return error.reason === reason && error.message.includes(text) && error.details.length === 1;
};

function fill(limits: Limits, connection: Connection | undefined, caller: Caller, criticality: Criticality): number {
  for (let count = 0; ; count++) {
    try {
      enter(limits, connection, caller, criticality);
    } catch {
      return count;
    }
  }
}

test("the last tenth is for critical calls of known callers, and callers without a token never have all of the rest", () => {
  const { limits, said } = limitsOf();
  const connection = limits.connect("10.0.0.1");
  equal(fill(limits, connection, Caller.ANONYMOUS, "critical_plus"), 68);
  equal(fill(limits, connection, Caller.user("a"), "sheddable"), 22);
  equal(fill(limits, connection, Caller.user("a"), "critical"), 10);
  throws(() => enter(limits, connection, Caller.user("a")), isRefused("ERROR_REASON_OVERLOADED"));
  equal(said.length, 2, "one line for each limit");
  ok(said[0]?.includes('"cap":"anonymous_requests"') && said[0].includes("10.0.0.1"));
});

test("a slot is free when the answer is made, a share when it is sent", () => {
  const { limits } = limitsOf({ max_requests: 1, max_requests_per_connection: 2, max_requests_per_peer: 3 });
  const [one, other] = [limits.connect("10.0.0.1"), limits.connect("::ffff:10.0.0.1")];
  const alice = Caller.user("alice");
  const first = enter(limits, one, alice);
  throws(() => enter(limits, one, alice), isRefused("ERROR_REASON_OVERLOADED", "too many requests at once"));
  first.answered();
  first.answered();
  enter(limits, one, alice).answered();
  deepEqual([limits.requests, limits.sending], [0, 2]);
  throws(() => enter(limits, one, alice), isRefused("ERROR_REASON_OVERLOADED", "server.max_requests_per_connection = 2"));
  enter(limits, other, alice).answered();
  throws(() => enter(limits, other, alice), isRefused("ERROR_REASON_OVERLOADED", "server.max_requests_per_peer = 3"));
  enter(limits, one, Caller.service("orders")).sent();
  first.sent();
  first.sent();
  enter(limits, one, alice).sent();
  equal(limits.sending, 2);
  ok(other !== undefined);
  other.peer.unsentBytes = 100;
  throws(() => enter(limits, other, alice), isRefused("ERROR_REASON_OVERLOADED", "server.max_unsent_bytes_per_peer = 100"));
});

test("connections are bounded in all and for each address, and a listed proxy has no share", () => {
  const { limits } = limitsOf({}, ["192.168.0.0/16", "::1"]);
  const first = limits.connect("2001:db8::1");
  limits.connect("2001:db8::2");
  equal(limits.connect("2001:db8:0:0:1::3"), undefined, "a network of IPv6 is one address");
  limits.connect("10.0.0.1");
  equal(limits.connect("10.0.0.2"), undefined);
  ok(first !== undefined);
  limits.disconnect(first);
  ok(limits.connect("10.0.0.1") !== undefined);
  const proxied = limitsOf({ max_requests_per_connection: 1 }, ["192.168.0.0/16", "::1"]).limits;
  const connections = ["192.168.1.1", "192.168.1.1", "192.168.1.1"].map((address) => proxied.connect(address));
  for (const one of connections) for (let count = 0; count < 3; count++) enter(proxied, one, Caller.user("a"));
  equal(limitsOf({}, [], 1).limits.connect("10.0.0.1") !== undefined, true);
  for (const wrong of ["10.0.0.0/33", "here", "10.0.0.1/", ""]) equal(networks([wrong]), undefined, wrong);
});

test("streams of callers without a token are counted by where they are", () => {
  const { limits } = limitsOf();
  const [one, other] = [limits.connect("10.0.0.1"), limits.connect("10.0.0.2")];
  const stream = (connection: Connection | undefined) => enter(limits, connection, Caller.ANONYMOUS, "critical", { isStreaming: true });
  stream(one);
  stream(one).sent();
  stream(one);
  throws(() => stream(one), isRefused("ERROR_REASON_TOO_MANY_STREAMS"));
  stream(other);
});

test("answers that nobody reads take no slots, and their streams are reset", async (t) => {
  const echo = await startEcho(t, { set: { "server.max_requests": 4, "server.send_seconds": 1 } });
  const hog = await open(t, echo.running.address, 0);
  const held = [];
  for (let count = 0; count < 20; count++) {
    const begun = hog.begin("Say");
    begun.stream.end(framed(Buffer.from([0x0a, 3, ...Buffer.from("you")])));
    await once(begun.stream, "response");
    held.push(begun);
  }
  equal((await echo.client().say({ name: "other" })).name, "other");
  await eventually(async () => (await echo.page("/metrics")).text.includes("souk_requests_in_work 0"));
  await Promise.all(held.map(({ answer }) => answer));
  deepEqual([...new Set(held.map(({ stream }) => stream.rstCode))], [8]);
  const { text } = await echo.page("/metrics");
  ok(text.includes('souk_refused_total{cap="send_seconds"} 20'), text);
  const stuck = echo.requests().filter((line) => line["rpc.code"] === "CANCELLED");
  deepEqual([stuck.length, stuck[0]?.["level"], stuck[0]?.["error"]], [20, "INFO", "the caller did not read the response in time"]);
});

test("an answer that nobody reads does not spoil a drain", async (t) => {
  const echo = await startEcho(t, { set: { "server.drain_seconds": 0 } });
  const hog = await open(t, echo.running.address, 0);
  const { stream } = hog.begin("Say");
  stream.end(framed(Buffer.from([0x0a, 3, ...Buffer.from("you")])));
  await once(stream, "response");
  await echo.stop();
});

test("a stream whose messages are not taken is reset", async (t) => {
  const echo = await startEcho(t, { set: { "server.send_seconds": 1 } });
  const hog = await open(t, echo.running.address, 0);
  const { stream, answer } = hog.begin("Repeat", { authorization: `Bearer ${developmentToken(Caller.user("alice"))}` });
  stream.end(framed(Buffer.from([0x0a, 4, ...Buffer.from("wait"), 0x10, 1])));
  await answer;
  equal(stream.rstCode, 8);
});

test("watches of health have a limit of their own on each connection and take no slot of others", async (t) => {
  const echo = await startEcho(t, { set: { "server.max_requests": 1 } });
  const [one, other] = [await open(t, echo.running.address), await open(t, echo.running.address)];
  const watch = (client: Client) => {
    const { stream, answer } = client.begin("/grpc.health.v1.Health/Watch");
    stream.write(Buffer.alloc(5));
    return Promise.race([once(stream, "data").then(() => undefined), answer]);
  };
  for (let count = 0; count < 32; count++) equal(await watch(one), undefined);
  const refused = await watch(one);
  equal(refused?.["grpc-status"], "8");
  ok(Buffer.from(String(refused["grpc-status-details-bin"]), "base64").includes("RetryInfo"));
  equal(await watch(other), undefined);
  equal((await echo.client().say({ name: "you" })).name, "you");
  ok((await echo.page("/metrics")).text.includes('souk_refused_total{cap="background_per_connection"} 1'));
});

test("connections beyond those of one address are closed, and a connection that says nothing too", async (t) => {
  const echo = await startEcho(t, { set: { "server.max_connections_per_peer": 1 } });
  await open(t, echo.running.address);
  const [host, port] = echo.running.address.split(":");
  const second = await dial(t, Number(port), host);
  await once(second.resume(), "close");
  ok((await echo.page("/metrics")).text.includes('souk_refused_total{cap="connections_per_peer"} 1'));

  const { limits, said } = limitsOf();
  const listener = new Listener(limits, 1000, 50);
  listener.server.listen(0, "127.0.0.1");
  await once(listener.server, "listening");
  t.after(() => void listener.server.close());
  const silent = await dial(t, (listener.server.address() as AddressInfo).port);
  const speaking = await open(t, `127.0.0.1:${(listener.server.address() as AddressInfo).port}`);
  await once(silent.resume(), "close");
  equal(speaking.session.closed, false);
  ok(said.some((line) => line.includes("preface_seconds")));
});

test("the pages answer when connections have taken all descriptors that they may have", async (t) => {
  const echo = await spawnEcho(t, folder(t), {}, { descriptors: 400 });
  const [host, port] = echo.grpc.split(":");
  await Promise.all(Array.from({ length: 400 }, () => dial(t, Number(port), host)));
  const page = async (path: string) => fetch(`http://${echo.metrics}${path}`);
  equal((await page("/readyz")).status, 200);
  await eventually(async () => /souk_refused_total\{cap="descriptors"\} [1-9]/.test(await (await page("/metrics")).text()));
});

interface Client {
  session: ClientHttp2Session;
  begin(method: string, headers?: Record<string, string>): { stream: ClientHttp2Stream; answer: Promise<Record<string, unknown>> };
  call(method: string, body: Buffer, headers?: Record<string, string>): Promise<Record<string, unknown>>;
}

/** Opens a connection; `window` is how much of an answer may come unasked. */
async function open(t: Ending, address: string, window = 65_535): Promise<Client> {
  const session = connectHttp2(`http://${address}`, { settings: { initialWindowSize: window } });
  session.on("error", () => undefined);
  t.after(() => session.destroy());
  await once(session, "remoteSettings");
  const begin: Client["begin"] = (method, headers = {}) => {
    const path = method.startsWith("/") ? method : `/souk.echo.v1.EchoService/${method}`;
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers", ...headers });
    const found: Record<string, unknown> = {};
    stream.on("response", (head) => Object.assign(found, head)).on("trailers", (tail) => Object.assign(found, tail));
    stream.on("error", () => undefined).resume();
    const answer = new Promise<Record<string, unknown>>((resolve) => stream.once("close", () => resolve(found)));
    return { stream, answer };
  };
  const call: Client["call"] = (method, body, headers) => {
    const { stream, answer } = begin(method, headers);
    stream.end(body);
    return answer;
  };
  return { session, begin, call };
}

async function dial(t: Ending, port: number, host = "127.0.0.1"): Promise<Socket> {
  const socket = connectTcp(port, host).on("error", () => undefined);
  t.after(() => void socket.destroy());
  await Promise.race([once(socket, "connect"), once(socket, "close")]);
  return socket;
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
