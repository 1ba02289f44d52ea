/** Starts services for tests, on ports and in folders of their own. */
import { deepEqual } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { Caller } from "./caller.js";
import type { Definition } from "./definition.js";
import { developmentToken } from "./identity.js";
import { EVERY_SCOPE } from "./policy.js";
import { start, type Running, type StartOptions } from "./running.js";

/** A service that runs for a test. */
export interface TestService {
  running: Running;
  dataDir: string;
  /** What was logged, one JSON line each. */
  lines: string[];
  /** Returns the way to it as this caller; see `transportTo`. */
  as(caller: string, scopes?: readonly string[]): Transport;
  /** Reads a page of the second listener: `/metrics`. */
  page(path: string): Promise<{ status: number; text: string }>;
  /** Drains it, once. */
  stop(): Promise<void>;
}

/** What `t` of node:test is needed for here. */
export interface Ending {
  after(work: () => Promise<void> | void): void;
}

/**
 * Starts a service on free ports and in a folder of its own, both of which end with the test. It
 * calls others with every scope unless `identity.scopes` is set. The test fails when a method failed
 * with a reason that its contract does not list, or with facts that are not the reason's.
 */
export async function startFor<C>(t: Ending, definition: Definition<C>, options: StartOptions & { dataDir?: string } = {}): Promise<TestService> {
  const service = await serveFor(t, definition, options);
  t.after(async () => {
    const found = unlisted(await service.running.metrics.registry.metrics());
    deepEqual(found, [], "list the reason and its facts in the contract, or do not fail with them");
  });
  return service;
}

/** Starts a service, or a fake of one, whose errors are not what is tested. */
export async function serveFor<C>(t: Ending, definition: Definition<C>, options: StartOptions & { dataDir?: string } = {}): Promise<TestService> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "souk-"));
  const lines: string[] = [];
  const set = { data_dir: dataDir, "identity.scopes": EVERY_SCOPE, "server.listen": "127.0.0.1:0", "server.metrics_listen": "127.0.0.1:0", "log.format": "json", "log.level": "debug", ...options.set };
  const running = await start(definition, { log: (line) => lines.push(line), ...options, set });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= running.drain());
  t.after(async () => {
    await stop().catch(() => undefined);
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
  });
  const as = (caller: string, scopes?: readonly string[]) => transportTo(running.address, caller, scopes);
  const page = async (path: string) => {
    const response = await fetch(`http://${running.metricsAddress}${path}`);
    return { status: response.status, text: await response.text() };
  };
  return { running, dataDir, lines, as, page, stop };
}

/** Returns the lines of a page of metrics that count errors of which the contract says nothing. Tests of services want none. */
export function unlisted(page: string): string[] {
  return page.split("\n").filter((line) => /^souk_(unlisted_reasons|wrong_facts)_total\{/.test(line));
}

/**
 * Returns the way to an address as this caller: `user:alice`, `service:orders`, `anonymous`. Unless
 * `scopes` are given, a service and staff have every scope and a user has none.
 */
export function transportTo(address: string, caller: string, scopes?: readonly string[]): Transport {
  const who = Caller.parse(caller);
  if (who === undefined) throw new Error(`${caller} is not a caller`);
  const hasEvery = who.kind === "service" || who.kind === "staff";
  const token = developmentToken(who, scopes ?? (hasEvery ? [EVERY_SCOPE] : []));
  return createGrpcTransport({
    baseUrl: `http://${address}`,
    interceptors: [
      (next) => (request) => {
        if (token !== "" && !request.header.has("authorization")) request.header.set("authorization", `Bearer ${token}`);
        return next(request);
      },
    ],
  });
}
