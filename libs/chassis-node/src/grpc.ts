/**
 * gRPC over an HTTP/2 stream of node:http2: messages in, messages and a status out (gRPC over HTTP/2, PROTOCOL-HTTP2.md). It
 * knows nothing of what is called.
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";

import type { ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";

import type { Connection } from "./limits.js";
import { messageTooLarge } from "./refusal.js";

const HEADERS = { ":status": 200, "content-type": "application/grpc", "grpc-accept-encoding": "identity" };

/** How long a caller whose request was answered may take to end it. */
const LAST_MESSAGES_MS = 50;
/** The prefix of a message: a byte of flags, and the length in four. */
const PREFIX_BYTES = 5;
/** The slowest line that is served: an answer may take a second for this many bytes, beyond the setting. */
const SLOWEST_BYTES_PER_SECOND = 64 << 10;
/** What a header costs beyond its text (RFC 9113, 6.5.2). */
const HEADER_OVERHEAD_BYTES = 32;

/** How the messages of a request are read. */
export interface Reading {
  /** The most bytes of one. */
  maxBytes: number;
  /** Lets a message of this length in, or throws. Returns what is called when its bytes are not needed any more. */
  reserve(bytes: number): () => void;
}

/** One message of a request, still encoded. */
export interface Arrived {
  bytes: Uint8Array;
  /** Called when the message is decoded; at the latest the next message does it. */
  release(): void;
}

/** Says that what was sent is no row of gRPC messages. */
export class BrokenRequest extends Error {}

/** One request and its answer. */
export class Exchange {
  #trailers: Record<string, string> = {};
  #sent: () => void = () => undefined;
  #unsentBytes = 0;
  /** Bytes behind the present message that came with it. */
  #restBytes = 0;
  #sending: NodeJS.Timeout | undefined;
  /** Whether the caller took no answer for so long that it was cut off. */
  isStuck = false;

  constructor(
    readonly stream: ServerHttp2Stream,
    readonly headers: IncomingHttpHeaders,
    /** Names and values in turn, as they came. */
    private readonly rawHeaders: readonly string[],
    readonly connection: Connection,
    /** How long a caller may leave a message unread. */
    readonly sendMs: number,
  ) {
    // What goes wrong with a connection shows as its end.
    stream.on("error", () => undefined);
    stream.once("wantTrailers", () => {
      stream.sendTrailers(this.#trailers);
      this.#sent();
      this.#forgetRequest();
    });
    stream.once("close", () => this.#taken(this.#unsentBytes));
  }

  /** Returns a header that occurs once. */
  header(name: string): string | undefined {
    const value = this.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** Returns how often a header occurs. */
  occurrences(name: string): number {
    return this.rawHeaders.filter((text, index) => index % 2 === 0 && text === name).length;
  }

  get headerBytes(): number {
    return this.rawHeaders.reduce((sum, text) => sum + text.length + HEADER_OVERHEAD_BYTES / 2, 0);
  }

  /** Says in what this is no gRPC request; undefined when it is one. */
  get otherThanGrpc(): string | undefined {
    if (!this.#isPost) return `a gRPC request is a POST, not a ${this.header(":method")}`;
    return this.#isGrpc ? undefined : "the content-type of a gRPC request is application/grpc or begins with application/grpc+";
  }

  get #isPost(): boolean {
    return this.headers[":method"] === "POST";
  }

  get #isGrpc(): boolean {
    return /^application\/grpc($|[+;])/i.test(this.header("content-type") ?? "");
  }

  /** The head of an answer; another kind of client gets a plain HTTP status. */
  get #head(): Record<string, string | number> {
    if (!this.#isPost) return { ...HEADERS, ":status": 405, allow: "POST" };
    return this.#isGrpc ? HEADERS : { ...HEADERS, ":status": 415 };
  }

  /** Returns the messages of the request as they come. Throws `BrokenRequest`. */
  async *messages({ maxBytes, reserve }: Reading): AsyncGenerator<Arrived> {
    // The stream outlives its request half: the answer goes out on it.
    const body = this.stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    const prefix = Buffer.alloc(PREFIX_BYTES);
    let message: Buffer | undefined;
    let filled = 0;
    let release: () => void = () => undefined;
    try {
      for await (const chunk of body) {
        let rest = chunk;
        while (rest.length > 0 || message?.length === 0) {
          const into: Buffer = message ?? prefix;
          const taken = rest.subarray(0, into.length - filled);
          into.set(taken, filled);
          filled += taken.length;
          rest = rest.subarray(taken.length);
          if (filled < into.length) break;
          filled = 0;
          if (message === undefined) {
            const flags = prefix[0] ?? 0;
            if (flags === 1) throw new BrokenRequest("a message is marked as compressed, but no grpc-encoding header names a compression");
            if (flags !== 0) throw new BrokenRequest(`the first byte of a message is ${flags}, but must be 0`);
            const length = prefix.readUInt32BE(1);
            if (length > maxBytes) throw messageTooLarge(length, maxBytes);
            release = reserve(length);
            message = Buffer.allocUnsafe(length);
          } else {
            const bytes = message;
            message = undefined;
            this.#restBytes = rest.length;
            yield { bytes, release };
            release();
          }
        }
      }
      if (filled > 0 || message !== undefined) throw new BrokenRequest("the request ends inside a message");
    } finally {
      release();
    }
  }

  /** Returns whether the caller has sent more than was read, as far as it is here now. */
  async hasMore(): Promise<boolean> {
    // What came together is taken apart in one turn of the loop.
    await new Promise((resolve) => setImmediate(resolve));
    return this.#restBytes > 0 || this.stream.readableLength > 0;
  }

  /** Reads what is left of the request into nowhere. */
  skipRest(): void {
    this.stream.resume();
  }

  /** Sends the head of the answer, so that the caller of a stream knows that it was let in. */
  begin(): void {
    if (!this.stream.headersSent && !this.stream.destroyed) this.stream.respond(HEADERS, { waitForTrailers: true });
  }

  /** Sends a message; returns when there is space for the next one. A caller that takes none for too long is cut off. */
  async send(message: Uint8Array): Promise<void> {
    if (this.write(message)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.stream.off("drain", done).off("close", done);
        resolve();
      };
      this.stream.on("drain", done).on("close", done);
    });
  }

  /** Hands a message to the connection; returns whether another may follow at once. */
  write(message: Uint8Array): boolean {
    this.begin();
    if (this.stream.destroyed) return true;
    const frame = encodeEnvelope(0, message);
    this.#unsentBytes += frame.length;
    this.connection.peer.unsentBytes += frame.length;
    this.#sending ??= setTimeout(() => this.#cutOff(), this.sendMs + (1000 * frame.length) / SLOWEST_BYTES_PER_SECOND);
    return this.stream.write(frame, () => this.#taken(frame.length));
  }

  /** Ends the answer: well, or with an error. `sent` is called when the caller has taken all that comes before the end. */
  end(error: ConnectError | undefined, sent: () => void): void {
    if (this.stream.destroyed) return;
    const status = new Headers({ "grpc-status": "0" });
    if (error !== undefined) setTrailerStatus(status, error);
    this.#trailers = Object.fromEntries(status);
    if (error === undefined) this.begin();
    if (this.stream.headersSent) {
      this.#sent = sent;
      this.stream.end();
    } else {
      this.stream.respond({ ...this.#head, ...this.#trailers }, { endStream: true });
      sent();
      this.#forgetRequest();
    }
  }

  /** Notes that the connection has sent `bytes`. */
  #taken(bytes: number): void {
    const gone = Math.min(bytes, this.#unsentBytes);
    this.#unsentBytes -= gone;
    this.connection.peer.unsentBytes -= gone;
    if (this.#unsentBytes > 0) this.#sending?.refresh();
    else {
      clearTimeout(this.#sending);
      this.#sending = undefined;
    }
  }

  #cutOff(): void {
    this.isStuck = true;
    this.stream.close(constants.NGHTTP2_CANCEL);
    this.skipRest();
  }

  /** Resets the stream of a caller who has not ended its request, because the request is no longer read. Most have, and their stream is gone by then. */
  #forgetRequest(): void {
    // A stream lives as long as something of its request is unread.
    this.skipRest();
    setTimeout(() => {
      if (this.stream.destroyed) return;
      this.stream.close(constants.NGHTTP2_NO_ERROR);
      this.skipRest();
    }, LAST_MESSAGES_MS);
  }
}
