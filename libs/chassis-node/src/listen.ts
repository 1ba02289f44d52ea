/** The gRPC listener: HTTP/2 connections, each served until it ends or the process drains. */
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";

import { Exchange } from "./grpc.js";
import { serve } from "./incoming.js";
import type { Connection, Limits } from "./limits.js";
import type { Process } from "./process.js";
import { StartError } from "./start_error.js";

const KEEP_ALIVE_EVERY_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 10_000;
/** How long a connection may take until it has said that it speaks HTTP/2. */
const PREFACE_MS = 10_000;
/** Requests at once on one connection; a caller with more opens another. */
const MAX_CONCURRENT_STREAMS = 2000;
/** What HTTP/2 itself lets in, more than is read: what is too much is then refused in the words of gRPC. */
const MAX_HEADER_BYTES = 64 << 10;
/** What a caller may send before it is read. */
const STREAM_WINDOW_BYTES = 256 << 10;
const CONNECTION_WINDOW_BYTES = 1 << 20;
/** File descriptors that callers never get: the database, upstreams and the pages need some too. */
const MAX_RESERVED_DESCRIPTORS = 64;

/** Binds an address that a setting names; returns it with the port that the system chose. */
export async function bind(server: NetServer | Http2Server, key: string, { host, port }: { host: string; port: number }): Promise<AddressInfo> {
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    throw new StartError(`${key}: cannot listen on ${host}:${port}: ${(error as Error).message}`);
  }
  return server.address() as AddressInfo;
}

/** Accepts connections and serves what comes on them. */
export class Listener {
  readonly server: Http2Server;
  readonly #sessions = new Map<ServerHttp2Session, Connection>();
  #isDraining = false;
  /** Set once everything is there that requests need. */
  process: Process | undefined;

  constructor(
    private readonly limits: Limits,
    sendMs: number,
    private readonly prefaceMs = PREFACE_MS,
  ) {
    this.server = createServer({
      maxSendHeaderBlockLength: 1 << 20,
      settings: {
        maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxHeaderListSize: MAX_HEADER_BYTES,
      },
    });
    // A small answer must not wait for the acknowledgement of the one before.
    this.server.on("connection", (socket: Socket) => socket.setNoDelay(true));
    this.server.on("session", (session) => this.#accept(session));
    const accept = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: string[]) => {
      const connection = stream.session && this.#sessions.get(stream.session as ServerHttp2Session);
      if (connection === undefined || this.process === undefined) return void stream.destroy();
      const exchange = new Exchange(stream, headers, rawHeaders, connection, sendMs);
      void serve(this.process, exchange);
    };
    this.server.on("stream", accept as never);
  }

  /** Accepts no more, sends each connection a GOAWAY, and waits until all of them have ended. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const session of this.#sessions.keys()) session.close();
    await closed;
  }

  /** Cuts what is left. */
  destroy(): void {
    for (const session of this.#sessions.keys()) session.destroy();
  }

  #accept(session: ServerHttp2Session): void {
    // How a connection ends is the caller's affair; requests on it are logged one by one.
    session.on("error", () => undefined);
    const connection = this.limits.connect(session.socket.remoteAddress ?? "");
    if (connection === undefined) return session.destroy();
    this.#sessions.set(session, connection);
    session.once("close", () => {
      this.#sessions.delete(session);
      this.limits.disconnect(connection);
    });
    // It came in the moment in which the drain began.
    if (this.#isDraining) session.close();
    this.#awaitPreface(session, connection);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    const every = setInterval(() => keepAlive(session), KEEP_ALIVE_EVERY_MS).unref();
    session.once("close", () => clearInterval(every));
  }

  /** Closes a connection that says nothing, or nothing of HTTP/2. */
  #awaitPreface(session: ServerHttp2Session, { peer }: Connection): void {
    const close = () => {
      this.limits.refused("preface_seconds", "seconds until a connection must speak HTTP/2", this.prefaceMs / 1000, peer.address);
      session.destroy();
    };
    const timer = setTimeout(close, this.prefaceMs).unref();
    session.once("remoteSettings", () => clearTimeout(timer)).once("close", () => clearTimeout(timer));
  }
}

/** Returns how many file descriptors connections may have, as far as the system says. */
export function freeDescriptors(): number {
  const report = process.report as unknown as { excludeNetwork: boolean; getReport(): { userLimits?: { open_files?: { soft?: unknown } } } };
  report.excludeNetwork = true;
  const most = Number(report.getReport().userLimits?.open_files?.soft);
  if (!Number.isFinite(most) || !existsSync("/proc/self/fd")) return Infinity;
  const free = most - readdirSync("/proc/self/fd").length;
  return Math.max(1, free - Math.min(MAX_RESERVED_DESCRIPTORS, Math.floor(free / 2)));
}

/** A caller that is gone without a word holds its streams no longer than this. */
function keepAlive(session: ServerHttp2Session): void {
  if (session.closed || session.destroyed) return;
  const timer = setTimeout(() => session.destroy(), KEEP_ALIVE_TIMEOUT_MS).unref();
  const sent = session.ping(() => clearTimeout(timer));
  if (!sent) clearTimeout(timer);
}
