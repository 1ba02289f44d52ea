/** What the tests share. */
import { rejects } from "node:assert/strict";

import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";

import { BadRequestSchema, ErrorInfoSchema, type ErrorInfo } from "../src/index.js";
import { startFor, type Ending, type TestService } from "../src/testing.js";
import type { StartOptions } from "../src/running.js";
import { definition, type Hooks } from "./echo.js";
import { EchoService } from "./gen/souk/echo/v1/echo_pb.js";

export interface Echo extends TestService {
  client(caller?: string, scopes?: readonly string[]): Client<typeof EchoService>;
  /** The lines of requests, read. */
  requests(): Record<string, unknown>[];
}

export async function startEcho(t: Ending, options: StartOptions & Hooks & { dataDir?: string } = {}): Promise<Echo> {
  const service = await startFor(t, definition(options), options);
  return {
    ...service,
    client: (caller = "anonymous", scopes) => createClient(EchoService, service.as(caller, scopes)),
    requests: () => service.lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ message }) => message === "request"),
  };
}

export interface Refused {
  code: Code;
  message: string;
  info: ErrorInfo;
  fields: string[];
}

/** Returns how a call was refused; fails when it was not, or without ErrorInfo. */
export async function refused(call: Promise<unknown>): Promise<Refused> {
  let error: unknown;
  await rejects(call, (thrown) => {
    error = thrown;
    return thrown instanceof ConnectError;
  });
  const known = error as ConnectError;
  const [info] = known.findDetails(ErrorInfoSchema);
  if (info === undefined) throw new Error(`${known.message} has no ErrorInfo`);
  const fields = known.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field));
  return { code: known.code, message: known.rawMessage, info, fields };
}

/** Reads a stream to its end. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Sends these. */
export async function* each<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}
