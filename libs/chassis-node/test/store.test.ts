import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { Code, createClient } from "@connectrpc/connect";
import { DatabaseSync } from "@photostructure/sqlite";

import { Caller, Refusal, StartError, Store, Tokens, newId } from "../src/index.js";
import { ManualClock, type Ending } from "../src/testing.js";
import { EchoService } from "./gen/souk/echo/v1/echo_pb.js";
import { refused, startEcho } from "./support.js";

function open(t: Ending, migrations: Record<string, string> = { "0001_names.sql": "CREATE TABLE names (name TEXT NOT NULL UNIQUE) STRICT" }) {
  const path = mkdtempSync(join(tmpdir(), "souk-"));
  const opened: Store[] = [];
  t.after(async () => {
    for (const store of opened) await store.close();
    rmSync(path, { recursive: true });
  });
  for (const [name, sql] of Object.entries(migrations)) writeFileSync(join(path, name), sql);
  const open = () => {
    const store = Store.open({ file: join(path, "test.db"), migrations: path });
    opened.push(store);
    return store;
  };
  return { path, file: join(path, "test.db"), open };
}

const names = (store: Store) => store.read.all("SELECT name FROM names ORDER BY name").map(({ name }) => name);
const insert = (store: Store, name: string) => store.write((tx) => tx.run("INSERT INTO names (name) VALUES (?)", name));

test("what was written is there when the file is opened again, nulls and bytes included", async (t) => {
  const place = open(t, { "0001_all.sql": "CREATE TABLE things (i INTEGER, r REAL, t TEXT, b BLOB) STRICT" });
  const store = place.open();
  await store.write((tx) => {
    tx.run("INSERT INTO things VALUES (?, ?, ?, ?)", Number.MAX_SAFE_INTEGER, 0.5, "ä\n🛒", new Uint8Array([0, 255]));
    tx.run("INSERT INTO things VALUES (?, ?, ?, ?)", null, null, null, null);
  });
  await store.close();
  const again = place.open();
  const [first, second] = again.read.all("SELECT * FROM things ORDER BY i DESC");
  deepEqual([first?.["i"], first?.["r"], first?.["t"], [...(first?.["b"] as Uint8Array)]], [Number.MAX_SAFE_INTEGER, 0.5, "ä\n🛒", [0, 255]]);
  deepEqual({ ...second }, { i: null, r: null, t: null, b: null });
  await again.close();
});

test("writes at once share a commit, and one that fails is undone alone", async (t) => {
  const store = open(t).open();
  const results = await Promise.allSettled([insert(store, "a"), insert(store, "a"), insert(store, "b"), store.write(() => { throw new Error("no"); })]);
  deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled", "rejected"]);
  deepEqual(names(store), ["a", "b"]);
});

test("a text that the database would cut is refused", async (t) => {
  const store = open(t).open();
  await rejects(insert(store, "a\0b"), /NUL/);
});

test("a write that waits is refused", async (t) => {
  const store = open(t).open();
  await rejects(store.write(async (tx) => tx.run("INSERT INTO names VALUES ('a')")), /may only await/);
  deepEqual(names(store), []);
});

test("every commit is on disk before it is told", async (t) => {
  const store = open(t).open();
  deepEqual([store.read.get("PRAGMA journal_mode")?.["journal_mode"], store.read.get("PRAGMA synchronous")?.["synchronous"]], ["wal", 2]);
});

test("a second store on the same file is refused", async (t) => {
  const place = open(t);
  const store = place.open();
  throws(() => place.open(), (error) => error instanceof StartError && /is open in another process/.test(error.message));
  await store.close();
  await place.open().close();
});

async function takesNoWrites(store: Store, why: RegExp): Promise<void> {
  for (const name of ["x", "y"]) await rejects(insert(store, name), (error) => error instanceof Refusal && error.code === Code.Unavailable);
  await rejects(store.ping(), why);
}

test("what is deleted, replaced or emptied under a running process takes no more writes", async (t) => {
  const place = open(t);
  const store = place.open();
  await insert(store, "kept");
  const aside = `${place.file}.aside`;
  renameSync(place.file, aside);
  await takesNoWrites(store, /test\.db is gone/);
  copyFileSync(aside, place.file);
  await takesNoWrites(store, /test\.db was replaced/);
  renameSync(aside, place.file);
  await store.ping();
  await insert(store, "again");
  deepEqual(names(store), ["again", "kept"]);
  rmSync(`${place.file}-wal`);
  await takesNoWrites(store, /test\.db-wal is gone/);

  const other = open(t);
  const emptied = other.open();
  truncateSync(other.file, 0);
  await takesNoWrites(emptied, /was emptied or cut off/);
});

test("a full disk is told by name until a write has a place again", async (t) => {
  const place = open(t);
  const store = place.open();
  const pages = Number(store.read.get("PRAGMA page_count")?.["page_count"]);
  store.read.all(`PRAGMA max_page_count = ${pages + 2}`);
  await rejects(insert(store, "x".repeat(100_000)), /full/);
  await rejects(store.ping(), /test\.db takes no writes: .*full/);
  store.read.all(`PRAGMA max_page_count = ${pages + 500}`);
  await store.ping();
});

test("the lock is on the file itself, nobody else can read it, and what others could read is tightened", async (t) => {
  const place = open(t);
  const store = place.open();
  deepEqual(readdirSync(place.path).filter((name) => name.startsWith("test.db")), ["test.db", "test.db-shm", "test.db-wal"]);
  const mode = (path: string) => statSync(path).mode & 0o777;
  equal(spawnSync("flock", ["-n", place.file, "true"]).status, 1);
  deepEqual([mode(place.path), mode(place.file), mode(`${place.file}-wal`)], [0o700, 0o600, 0o600]);
  await store.close();
  chmodSync(place.path, 0o755);
  chmodSync(place.file, 0o644);
  const warnings: string[] = [];
  const again = Store.open({ file: place.file, migrations: place.path, log: { warn: (message) => warnings.push(message), error: () => undefined } });
  deepEqual([mode(place.path), mode(place.file), warnings.length], [0o700, 0o600, 2]);
  await again.close();
});

test("each start and each second of writes raises the epoch", async (t) => {
  const place = open(t);
  const epochs: unknown[] = [];
  for (const name of ["a", "b"]) {
    const store = place.open();
    await insert(store, name);
    epochs.push(store.read.get("SELECT epoch FROM souk_shop")?.["epoch"]);
    await store.close();
  }
  deepEqual(epochs, [2, 4]);
});

test("migrations are forward only, whole, and never changed", async (t) => {
  const place = open(t);
  await place.open().close();
  const second = join(place.path, "0002_more.sql");
  writeFileSync(second, "CREATE TABLE more (x INTEGER) STRICT; CREATE TABLE names (x INTEGER)");
  throws(() => place.open(), /migration 0002_more: .*already exists/);
  writeFileSync(second, "CREATE TABLE more (x INTEGER) STRICT");
  const store = place.open();
  equal(store.read.all("SELECT * FROM more").length, 0);
  await store.close();
  writeFileSync(join(place.path, "0001_names.sql"), "CREATE TABLE names (name TEXT) STRICT");
  throws(() => place.open(), /0001_names was changed/);
  throws(() => Store.open({ file: place.file }), /has 2 migrations of the service and this program knows 0/);
});

test("a write with a request id is done once", async (t) => {
  const echo = await startEcho(t);
  const [alice, bob] = [echo.client("user:alice"), echo.client("user:bob")];
  equal((await alice.save({ requestId: "1", name: "a" })).number, 0n);
  equal((await alice.save({ requestId: "1", name: "a" })).number, 0n);
  equal((await bob.save({ requestId: "1", name: "b" })).number, 1n);
  const found = await refused(alice.save({ requestId: "1", name: "other" }));
  deepEqual([found.code, found.info.reason], [Code.FailedPrecondition, "ERROR_REASON_REQUEST_ID_REUSED"]);
});

test("what users wrote before people had customers is found by their customer", async (t) => {
  const place = open(t);
  await place.open().close();
  const db = new DatabaseSync(place.file);
  db.exec("DELETE FROM souk_migrations WHERE owner = 'chassis' AND version = 3");
  for (const who of ["user:alice", "service:orders", "staff:user:ann"]) {
    db.prepare("INSERT INTO souk_requests VALUES (?, 'm', '1', x'00', x'00', 0)").run(who);
  }
  db.close();
  const store = place.open();
  const callers = store.read.all("SELECT caller FROM souk_requests ORDER BY caller").map((row) => row["caller"]);
  deepEqual(callers, [Caller.user("alice").customer, "service:orders", "staff:user:ann"]);
});

test("a refusal is not kept and leaves nothing", async (t) => {
  const echo = await startEcho(t);
  const client = echo.client("user:alice");
  equal((await refused(client.save({ requestId: "1", name: "nobody" }))).code, Code.NotFound);
  equal((await client.save({ requestId: "2", name: "a" })).number, 0n);
});

test("old records are forgotten", async (t) => {
  const clock = new ManualClock();
  const echo = await startEcho(t, { clock });
  const client = createClient(EchoService, echo.as("user:alice"));
  await client.save({ requestId: "1", name: "a" });
  // The purge looks each hour.
  for (let day = 0; day <= 8; day++) {
    clock.advance(86_400_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  equal((await client.save({ requestId: "1", name: "a" })).number, 1n);
});

test("a token opens what it names, for whom it was made, also after a restart, and not when it was changed", async (t) => {
  const place = open(t);
  const store = place.open();
  const token = (await Tokens.of(store)).issue(["List", "user:alice"], "7");
  await store.close();
  const tokens = await Tokens.of(place.open());
  equal(tokens.open(["List", "user:alice"], token), "7");
  for (const [scope, text] of [["user:bob", token], ["user:alice", `${token.slice(0, -1)}-`], ["user:alice", `${token}=`], ["user:alice", ""]] as const) {
    equal(tokens.open(["List", scope], text), undefined);
  }
});

test("ids are version 7 and sort by time", () => {
  const first = newId("event", new Date("2026-01-01"));
  match(first, /^event_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
  ok(first < newId("event", new Date("2026-01-02")));
});
