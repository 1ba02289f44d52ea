/** Receivers that are real: an HTTP server that verifies signatures with the foreign library, and an SMTP server. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** One webhook as it came. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** An HTTP receiver on a free port of this machine. */
export interface HttpReceiver {
  url: string;
  port: number;
  received: Received[];
  /** How many requests were in hand at the same time, at most. */
  mostAtOnce: () => number;
}

/** Starts a receiver. `answer` decides what it says; 204 unless it is given. */
export async function httpReceiver(
  t: TestContext,
  answer: (received: Received, response: ServerResponse, index: number) => void = (_received, response) => void response.writeHead(204).end(),
): Promise<HttpReceiver> {
  const received: Received[] = [];
  let inHand = 0;
  let most = 0;
  const server = createServer((request, response) => {
    inHand += 1;
    most = Math.max(most, inHand);
    response.on("close", () => (inHand -= 1));
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      const one = { path: request.url ?? "", headers: request.headers, body };
      received.push(one);
      answer(one, response, received.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook`, port, received, mostAtOnce: () => most };
}

/** One e-mail as it came. */
export interface Letter {
  from: string;
  to: string[];
  raw: string;
  messageId: string;
}

/** Starts an SMTP server. `refuse` may answer a recipient with an error: a code and a text. */
export async function smtpReceiver(
  t: TestContext,
  refuse: (to: string, count: number) => { code: number; text: string } | undefined = () => undefined,
  more: SMTPServerOptions = {},
): Promise<{ url: string; letters: Letter[] }> {
  const letters: Letter[] = [];
  let asked = 0;
  const server = new SMTPServer({
    authOptional: true,
    closeTimeout: 50,
    disabledCommands: ["STARTTLS"],
    onRcptTo: ({ address }, _session, done) => {
      const refusal = refuse(address, asked++);
      done(refusal === undefined ? null : Object.assign(new Error(refusal.text), { responseCode: refusal.code }));
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const raw = Buffer.concat(chunks).toString("utf8");
        const messageId = /^Message-ID: (\S+)/im.exec(raw)?.[1] ?? "";
        const from = session.envelope.mailFrom === false ? "" : session.envelope.mailFrom.address;
        letters.push({ from, to: session.envelope.rcptTo.map(({ address }) => address), raw, messageId });
        done();
      });
    },
    ...more,
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise<void>((resolve) => server.close(resolve)));
  const { port } = server.server.address() as AddressInfo;
  return { url: `smtp://127.0.0.1:${port}`, letters };
}
