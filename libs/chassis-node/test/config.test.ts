import { deepEqual, equal, match, throws } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { load } from "../src/config.js";
import { ConfigError } from "../src/index.js";
import { folder, type Ending } from "../src/testing.js";
import { definition } from "./echo.js";

const echo = definition();

function file(t: Ending, text: string): string {
  const path = join(folder(t), "echo.toml");
  writeFileSync(path, text);
  return path;
}

function problem(sources: Parameters<typeof load>[1]): string {
  let message = "";
  throws(() => load(echo, sources), (error) => error instanceof ConfigError && (message = error.message) !== "");
  equal(message.includes("\n"), false);
  return message;
}

test("the environment wins over the file, and the file over the defaults", (t) => {
  const path = file(t, '[server]\nlisten = "127.0.0.1:1"\nmetrics_listen = "[::1]:2"\n[cave]\ndepth_metres = 20\n');
  const environment = { ECHO__SERVER__LISTEN: "127.0.0.1:3", ECHO__CAVE__DEPTH_METRES: "30", OTHER__SERVER__LISTEN: "x", HOME: "/" };
  const { settings, own } = load(echo, { file: path, environment });
  deepEqual(settings.server.listen, { host: "127.0.0.1", port: 3 });
  deepEqual(settings.server.metrics_listen, { host: "::1", port: 2 });
  deepEqual(own, { greeting: "hello", cave: { depth_metres: 30, api_key: "sesame" } });
});

test("upstreams have any name", (t) => {
  const path = file(t, '[upstreams]\nevents = "http://127.0.0.1:1"\n');
  const { settings } = load(echo, { file: path, environment: { ECHO__UPSTREAMS__CATALOG: "http://127.0.0.1:2" } });
  deepEqual(settings.upstreams, { events: "http://127.0.0.1:1", catalog: "http://127.0.0.1:2" });
});

test("a key that does not exist is named with its source", (t) => {
  match(problem({ environment: { ECHO__SERVER__LISTENS: "x" } }), /^server\.listens \(from ECHO__SERVER__LISTENS\): there is no such setting/);
  match(problem({ environment: { ECHO__LISTEN: "x" } }), /^listen /);
  match(problem({ environment: { ECHO__NEIGHBOURS__EVENTS: "x" } }), /neighbours is called upstreams now$/);
  match(problem({ environment: { ECHO__GREETING__MORE: "x" } }), /^greeting\.more /);
  const path = file(t, "[cave]\nwidth = 1\n");
  match(problem({ file: path }), new RegExp(`^cave\\.width \\(from ${path}\\)`));
});

test("a value that is not allowed is named with its source and what is", (t) => {
  match(problem({ environment: { ECHO__CAVE__DEPTH_METRES: "0" } }), /^cave\.depth_metres = 0 \(from ECHO__CAVE__DEPTH_METRES\): .*1/);
  match(problem({ environment: { ECHO__CAVE__DEPTH_METRES: "deep" } }), /^cave\.depth_metres = "deep" .*must be a number/);
  match(problem({ environment: { ECHO__SERVER__LISTEN: "here" } }), /^server\.listen = "here" .*must be an address/);
  match(problem({ environment: { ECHO__SERVER__MAX_MESSAGE_BYTES: "16777217" } }), /^server\.max_message_bytes .*must be 1 to 16777216/);
  match(problem({ environment: { ECHO__LOG__FORMAT: "xml" } }), /^log\.format .*must be text or json/);
  match(problem({ environment: { ECHO__LOG__LEVEL: "loud" } }), /^log\.level /);
  match(problem({ environment: { ECHO__UPSTREAMS__EVENTS: "there" } }), /^upstreams\.events .*must name an address/);
  match(problem({ file: file(t, "data_dir = 3\n") }), /^data_dir = 3 .*must be a text/);
});

test("scopes are words with dots between them, separated by spaces", () => {
  const scopes = (text: string) => load(echo, { environment: { ECHO__IDENTITY__SCOPES: text } }).settings.identity.scopes;
  deepEqual(load(echo, {}).settings.identity.scopes, []);
  deepEqual(scopes("orders.read  events.subscribe "), ["orders.read", "events.subscribe"]);
  deepEqual(scopes("*"), ["*"]);
  for (const wrong of ["orders", "orders.", "Orders.read", "orders.*", "orders.read,events.subscribe", "orders.read 2.x", "orders.read\tops.audit"]) {
    const said = problem({ environment: { ECHO__IDENTITY__SCOPES: wrong } });
    equal(said, `identity.scopes = ${JSON.stringify(wrong)} (from ECHO__IDENTITY__SCOPES): must be scopes like "orders.read" separated by spaces, or "*" for every scope`);
  }
  const long = "orders.read ".repeat(84);
  match(problem({ environment: { ECHO__IDENTITY__SCOPES: long } }), /^identity\.scopes = .*must be at most 1000 characters$/);
});

test("a file that is not there or not TOML is named", (t) => {
  match(problem({ file: "/nowhere/echo.toml" }), /\/nowhere\/echo\.toml/);
  const path = file(t, "server = [");
  match(problem({ file: path }), new RegExp(path));
});

test("secrets are not shown", () => {
  const message = problem({ environment: { ECHO__CAVE__API_KEY: "ab" } });
  match(message, /^cave\.api_key = \[hidden\]/);
});
