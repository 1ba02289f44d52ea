/**
 * Where a setting comes from: the defaults, then a file, then the environment, then what the program sets itself.
 *
 * The defaults are complete, so they are also the list of what exists: a key that is not in them is refused, and a value must
 * have the type that it has there. An empty table in the defaults takes any name.
 */
import { readFileSync } from "node:fs";

import { parse as parseToml } from "smol-toml";
import { z } from "zod";

import type { Definition } from "./definition.js";
import { networks } from "./limits.js";
import { EVERY_SCOPE } from "./policy.js";
import { ConfigError } from "./start_error.js";

const DEFAULTS = new URL("../../chassis.default.toml", import.meta.url);
const MOST_MESSAGE_BYTES = 16 << 20;

type Table = { [key: string]: unknown };

const address = z.string().transform((text, context) => {
  const [, host, port] = /^\[?([^\]]+)\]?:([0-9]{1,5})$/.exec(text) ?? [];
  if (host !== undefined && port !== undefined && Number(port) < 65_536) return { host, port: Number(port) };
  context.addIssue("must be an address with a port, such as 127.0.0.1:7300");
  return z.NEVER;
});
const SCOPE = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/;
/** A token that carries more would be longer than a server reads (2,048 bytes). */
const LONGEST_SCOPES = 1000;
const scopes = z
  .string()
  .max(LONGEST_SCOPES, `must be at most ${LONGEST_SCOPES} characters`)
  .transform((text) => text.split(" ").filter(Boolean))
  .refine((all) => all.every((scope) => scope === EVERY_SCOPE || SCOPE.test(scope)), 'must be scopes like "orders.read" separated by spaces, or "*" for every scope');
const count = z.number().int().min(0).max(4_294_967_295);
const level = /^(error|warn|info|debug|trace)(,[\w.:-]+=(error|warn|info|debug|trace))*$/;

const schema = z.object({
  data_dir: z.string().min(1, "must name a folder"),
  server: z.object({
    listen: address,
    metrics_listen: address,
    drain_seconds: count,
    max_requests: count,
    max_streams_per_caller: count,
    max_requests_per_connection: count.min(1),
    max_requests_per_peer: count.min(1),
    max_unsent_bytes_per_peer: count.min(1),
    max_connections: count.min(1),
    max_connections_per_peer: count.min(1),
    trusted_proxies: z.array(z.string()).refine((texts) => networks(texts) !== undefined, "must be a list of addresses or networks like \"10.0.0.0/8\""),
    send_seconds: z.number().int().min(1).max(3600, "must be 1 to 3600"),
    max_decoding_bytes: count,
    max_message_bytes: z.number().int().min(1).max(MOST_MESSAGE_BYTES, `must be 1 to ${MOST_MESSAGE_BYTES}`),
    ready_file: z.string(),
  }).refine(({ max_decoding_bytes, max_message_bytes }) => max_decoding_bytes >= max_message_bytes, {
    path: ["max_decoding_bytes"],
    message: "must be at least server.max_message_bytes",
  }),
  log: z.object({
    format: z.enum(["text", "json"], "must be text or json"),
    level: z.string().regex(level, "must be error, warn, info, debug or trace, then perhaps ,name=level"),
  }),
  telemetry: z.object({
    otlp_endpoint: z.string().regex(/^($|https?:\/\/.)/, "must be like http://127.0.0.1:4317"),
  }),
  identity: z.object({ development_key: z.string(), scopes }),
  upstreams: z.record(z.string(), z.string().regex(/^\s*https?:\/\/[^\s,]+(\s*,\s*https?:\/\/[^\s,]+)*\s*$/, "must name an address like http://127.0.0.1:7302")),
});

/** The settings of the chassis itself; chassis.default.toml says what each is for. */
export type Settings = z.infer<typeof schema>;

/** Where settings are read from. */
export interface Sources {
  /** A file over the defaults. */
  file?: string | undefined;
  environment?: Readonly<Record<string, string | undefined>>;
  /** Dotted keys and values that win over everything: `{ "server.listen": "127.0.0.1:0" }`. */
  set?: Readonly<Record<string, string | number | boolean>>;
}

/** Reads and checks every setting of a process: the chassis' and the service's own. Throws `ConfigError`. */
export function load<C>(definition: Definition<C>, sources: Sources): { settings: Settings; own: C } {
  const common = parse(readFileSync(DEFAULTS, "utf8"), "the defaults of the chassis");
  const source = `the defaults of ${definition.name}`;
  const known = structuredClone(common);
  for (const [key, value] of Object.entries(parse(definition.defaultConfig === undefined ? "" : textOf(definition.defaultConfig, source), source))) {
    if (key in common) check(common, { [key]: value }, "", source);
    merge(known, { [key]: value });
  }

  // Where each setting was set, for the message when it turns out wrong.
  const origins = new Map<string, string>();
  const all = structuredClone(known);
  const lay = (table: Table, from: string) => {
    check(known, table, "", from);
    merge(all, table, (path) => origins.set(path, from));
  };
  if (sources.file !== undefined) lay(parse(textOf(sources.file, `configuration file ${sources.file}`), sources.file), sources.file);
  const prefix = `${definition.name.replaceAll("-", "_").toUpperCase()}__`;
  for (const [variable, value] of Object.entries(sources.environment ?? {})) {
    if (value === undefined || !variable.toUpperCase().startsWith(prefix)) continue;
    lay(nest(known, variable.slice(prefix.length).toLowerCase().split("__"), value, variable), variable);
  }
  for (const [key, value] of Object.entries(sources.set ?? {})) {
    lay(nest(known, key.split("."), String(value), key), "the program");
  }

  const pick = (own: boolean) => Object.fromEntries(Object.entries(all).filter(([key]) => key in common !== own));
  return {
    settings: explain(() => schema.parse(pick(false)), all, origins),
    own: explain(() => definition.config.parse(pick(true)), all, origins),
  };
}

/** Returns a service's own settings, read and checked as at a start. Throws `ConfigError`. */
export function loadConfig<C>(definition: Definition<C>, sources: Sources = {}): C {
  return load(definition, sources).own;
}

/** Turns what zod says into one line: which setting, its value, where it comes from, what is allowed. */
function explain<T>(read: () => T, all: Table, origins: ReadonlyMap<string, string>): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error instanceof ConfigError ? error : new ConfigError(oneLine(String(error)));
    const issue = error.issues[0];
    const key = (issue?.path ?? []).join(".");
    const value = (issue?.path ?? []).reduce<unknown>((table, name) => (table as Table | undefined)?.[String(name)], all);
    const from = origins.get(key) ?? "the defaults";
    throw new ConfigError(oneLine(`${key} = ${show(key, value)} (from ${from}): ${issue?.message ?? "is not allowed"}`));
  }
}

function textOf(file: URL | string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError(`${what}: ${oneLine((error as Error).message)}`);
  }
}

function parse(text: string, source: string): Table {
  try {
    return parseToml(text) as Table;
  } catch (error) {
    throw new ConfigError(`${source}: ${oneLine((error as Error).message)}`);
  }
}

function merge(into: Table, from: Table, set: (path: string) => void = () => undefined, path = ""): void {
  for (const [key, value] of Object.entries(from)) {
    const here = into[key];
    const full = join(path, key);
    if (isTable(here) && isTable(value)) merge(here, value, set, full);
    else {
      into[key] = value;
      set(full);
    }
  }
}

/** Refuses keys that the defaults do not have and values of another type. */
function check(known: Table, given: Table, path: string, source: string): void {
  for (const [key, value] of Object.entries(given)) {
    const full = join(path, key);
    if (!Object.hasOwn(known, key)) throw unknown(full, known, path, source);
    const standard = known[key];
    if (isTable(standard) && isTable(value)) {
      if (Object.keys(standard).length > 0) check(standard, value, full, source);
    } else if (typeOf(standard) !== typeOf(value)) {
      throw new ConfigError(`${full} = ${show(full, value)} (from ${source}): must be ${typeOf(standard)}`);
    }
  }
}

/** Builds the table that sets one key to a text, read as the type that the default has. */
function nest(known: Table, keys: readonly string[], text: string, source: string): Table {
  let level: Table | undefined = known;
  let path = "";
  let standard: unknown = known;
  for (const key of keys) {
    if (level === undefined || (!Object.hasOwn(level, key) && Object.keys(level).length > 0)) throw unknown(join(path, key), level ?? {}, path, source);
    standard = level[key] ?? "";
    level = isTable(standard) ? standard : undefined;
    path = join(path, key);
  }
  const value = readAs(standard, text, path, source);
  return keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Table;
}

function readAs(standard: unknown, text: string, path: string, source: string): unknown {
  const wrong = () => new ConfigError(`${path} = ${show(path, text)} (from ${source}): must be ${typeOf(standard)}`);
  switch (typeof standard) {
    case "string":
      return text;
    case "number":
      if (!/^[-+]?[0-9._]+(e[-+]?[0-9]+)?$/i.test(text) || Number.isNaN(Number(text))) throw wrong();
      return Number(text);
    case "boolean":
      if (text !== "true" && text !== "false") throw wrong();
      return text === "true";
    default:
      // A list or a table is written as in the file.
      return parse(`value = ${text}`, `${path} (from ${source})`)["value"];
  }
}

function unknown(key: string, known: Table, path: string, source: string): ConfigError {
  if (key.split(".")[0] === "neighbours") return new ConfigError(`${key} (from ${source}): neighbours is called upstreams now`);
  const names = Object.keys(known).map((name) => join(path, name));
  return new ConfigError(`${key} (from ${source}): there is no such setting${names.length > 0 ? `; there are ${names.join(", ")}` : ""}`);
}

/** Values of settings that hold secrets are not shown. */
function show(key: string, value: unknown): string {
  return /key|secret|password|token|url/.test(key) ? "[hidden]" : JSON.stringify(value) ?? "nothing";
}

function typeOf(value: unknown): string {
  if (typeof value === "string") return "a text";
  if (typeof value === "number" || typeof value === "bigint") return "a number";
  if (typeof value === "boolean") return "true or false";
  return Array.isArray(value) ? "a list" : isTable(value) ? "a table" : "a time";
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function oneLine(text: string): string {
  return text.split(/\s+/).join(" ").trim();
}
