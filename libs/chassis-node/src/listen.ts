/** The gRPC listener: HTTP/2 connections, each served until it ends or the process drains. */
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import { once } from "node:events";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";

import { StartError } from "./definition.js";
import { Exchange } from "./grpc.js";
import { serve } from "./incoming.js";
import type { Process } from "./process.js";

const KEEP_ALIVE_EVERY_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 10_000;
/** Requests at once on one connection; a caller with more opens another. */
const MAX_CONCURRENT_STREAMS = 2000;
const MAX_HEADER_BYTES = 16 << 10;
const STREAM_WINDOW_BYTES = 4 << 20;
const CONNECTION_WINDOW_BYTES = 16 << 20;

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
  readonly #sessions = new Set<ServerHttp2Session>();
  #isDraining = false;
  /** Set once everything is there that requests need. */
  process: Process | undefined;

  constructor() {
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
    this.server.on("stream", (stream, headers) => {
      const exchange = new Exchange(stream, headers);
      if (this.process !== undefined && !exchange.refusesHttp()) void serve(this.process, exchange);
    });
  }

  /** Accepts no more, tells each connection so, and waits until all of them have ended. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const session of this.#sessions) session.close();
    await closed;
  }

  /** Cuts what is left. */
  destroy(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #accept(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    // It came in the moment in which the drain began.
    if (this.#isDraining) session.close();
    session.once("close", () => this.#sessions.delete(session));
    // How a connection ends is the caller's affair; requests on it are logged one by one.
    session.on("error", () => undefined);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    const every = setInterval(() => keepAlive(session), KEEP_ALIVE_EVERY_MS).unref();
    session.once("close", () => clearInterval(every));
  }
}

/** A caller that is gone without a word holds its streams no longer than this. */
function keepAlive(session: ServerHttp2Session): void {
  if (session.closed || session.destroyed) return;
  const timer = setTimeout(() => session.destroy(), KEEP_ALIVE_TIMEOUT_MS).unref();
  const sent = session.ping(() => clearTimeout(timer));
  if (!sent) clearTimeout(timer);
}
