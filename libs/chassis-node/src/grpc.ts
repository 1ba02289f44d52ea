/**
 * gRPC over an HTTP/2 stream of node:http2: messages in, messages and a status out (gRPC over HTTP/2, PROTOCOL-HTTP2.md). It
 * knows nothing of what is called.
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";

import { Code, ConnectError } from "@connectrpc/connect";
import { compressionGzip } from "@connectrpc/connect-node";
import { encodeEnvelope, transformDecompressEnvelope, transformSplitEnvelope } from "@connectrpc/connect/protocol";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";

import { messageTooLarge, unimplemented } from "./refusal.js";

const HEADERS = { ":status": 200, "content-type": "application/grpc", "grpc-accept-encoding": "gzip,identity" };

/** How long a caller whose request was answered may take to end it. */
const LAST_MESSAGES_MS = 50;

/** One request and its answer. */
export class Exchange {
  #trailers: Record<string, string> = {};

  constructor(
    readonly stream: ServerHttp2Stream,
    readonly headers: IncomingHttpHeaders,
  ) {
    // What goes wrong with a connection shows as its end.
    stream.on("error", () => undefined);
    stream.once("wantTrailers", () => {
      stream.sendTrailers(this.#trailers);
      this.#forgetRequest();
    });
  }

  /** Returns a header that occurs once. */
  header(name: string): string | undefined {
    const value = this.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** Answers what is no gRPC request at all in the words of HTTP; returns whether it did. */
  refusesHttp(): boolean {
    const isGrpc = /^application\/grpc($|\+proto|;)/.test(this.header("content-type") ?? "");
    if (isGrpc && this.headers[":method"] === "POST") return false;
    this.stream.respond({ ":status": isGrpc ? 405 : 415 }, { endStream: true });
    this.#forgetRequest();
    return true;
  }

  /** Returns the messages of the request as they come, still encoded. */
  async *messages(maxBytes: number): AsyncGenerator<Uint8Array> {
    const encoding = this.header("grpc-encoding") ?? "identity";
    if (encoding !== "identity" && encoding !== "gzip") throw unimplemented(`with the encoding ${encoding}`);
    const compression = encoding === "gzip" ? compressionGzip : null;
    // The stream outlives its request half: the answer goes out on it.
    const body = this.stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
    try {
      const envelopes = transformDecompressEnvelope(compression, maxBytes)(transformSplitEnvelope(maxBytes)(body));
      for await (const { data } of envelopes) yield data;
    } catch (error) {
      throw error instanceof ConnectError && error.code === Code.ResourceExhausted ? messageTooLarge(maxBytes) : error;
    }
  }

  /** Reads what is left of the request into nowhere. */
  skipRest(): void {
    this.stream.resume();
  }

  /** Sends the head of the answer, so that the caller of a stream knows that it was let in. */
  begin(): void {
    if (!this.stream.headersSent && !this.stream.destroyed) this.stream.respond(HEADERS, { waitForTrailers: true });
  }

  /** Sends a message; returns when there is room for the next one. */
  async send(message: Uint8Array): Promise<void> {
    this.begin();
    if (this.stream.destroyed || this.stream.write(encodeEnvelope(0, message))) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.stream.off("drain", done).off("close", done);
        resolve();
      };
      this.stream.on("drain", done).on("close", done);
    });
  }

  /** Ends the answer: well, or with an error. */
  end(error?: ConnectError): void {
    if (this.stream.destroyed) return;
    const status = new Headers({ "grpc-status": "0" });
    if (error !== undefined) setTrailerStatus(status, error);
    this.#trailers = Object.fromEntries(status);
    if (this.stream.headersSent) {
      this.stream.end();
    } else if (error === undefined) {
      this.begin();
      this.stream.end();
    } else {
      this.stream.respond({ ...HEADERS, ...this.#trailers }, { endStream: true });
      this.#forgetRequest();
    }
  }

  /** Tells a caller who has not ended its request that nobody reads any more. Most have, and their stream is gone by then. */
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
