/**
 * Posts webhooks. A name is looked up once, its addresses are checked, and the connection is pinned to the one that was
 * checked; redirects are not followed; the answer is read up to a limit and thrown away.
 */
import { lookup } from "node:dns/promises";
import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { isIPv6, type LookupFunction } from "node:net";

import { Failure, failureOf } from "../failure.js";
import type { Resolve, Targets } from "../target.js";

/** One webhook to post. */
export interface Webhook {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** What bounds an attempt. */
export interface PostLimits {
  /** The longest that an attempt may take, from the look-up to the end of the answer, in milliseconds. */
  timeout: number;
  /** The most of an answer that is read, in bytes. */
  answerBytes: number;
}

/** Request Timeout, Too Early and Too Many Requests say that the receiver cannot take anything now, not that it refuses this event. */
const ABOUT_THE_RECEIVER: ReadonlySet<number> = new Set([408, 425, 429]);

/** Looks names up as the system does. */
export const systemResolve: Resolve = async (host) => (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/** Posts a webhook. Returns when the receiver has taken it (2xx); throws a Failure otherwise. */
export async function post(webhook: Webhook, targets: Targets, limits: PostLimits, resolve: Resolve): Promise<void> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), limits.timeout);
  try {
    const url = new URL(webhook.url);
    // The rules may have become stricter since the endpoint was made.
    if (targets.problemOf(webhook.url) !== undefined) throw new Failure("refused address");
    const address = await orAborted(targets.addressOf(url, resolve), controller.signal);
    const answer = await exchange(url, address, webhook, controller.signal);
    await discard(answer, limits.answerBytes, controller.signal);
    judge(answer);
  } catch (error) {
    throw controller.signal.aborted ? new Failure("timeout") : failureOf(error);
  } finally {
    clearTimeout(timer);
  }
}

function exchange(url: URL, address: string, webhook: Webhook, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const request = send(
      url,
      {
        method: "POST",
        // A connection of its own: one from a pool might lead to an address of an earlier look-up.
        agent: false,
        lookup: pinnedTo(address),
        signal,
        headers: {
          ...webhook.headers,
          "content-type": "application/cloudevents+json; charset=utf-8",
          "content-length": Buffer.byteLength(webhook.body),
          "user-agent": "souk-notifications",
        },
      },
      resolve,
    );
    request.on("error", reject);
    request.end(webhook.body);
  });
}

/** Whatever name is asked for, there is one answer: the address that was checked. */
function pinnedTo(address: string): LookupFunction {
  const family = isIPv6(address) ? 6 : 4;
  return (_name, options, answer) => {
    if (options.all === true) answer(null, [{ address, family }]);
    else answer(null, address, family);
  };
}

/** Reads the response to its end, so that the receiver sees it consumed, but no further than the limit. */
async function discard(answer: IncomingMessage, most: number, signal: AbortSignal): Promise<void> {
  let read = 0;
  try {
    for await (const chunk of answer) {
      read += (chunk as Buffer).length;
      if (read > most) break;
    }
  } catch (error) {
    // The status line has said whether it was taken; a body that is cut off changes nothing, a timeout does.
    if (signal.aborted) throw error;
  } finally {
    answer.destroy();
  }
}

function judge(answer: IncomingMessage): void {
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return;
  const isGone = status === 410;
  const isRefusal = status >= 400 && status < 500 && !isGone && !ABOUT_THE_RECEIVER.has(status);
  throw new Failure(`http ${status}`, { isFinal: isGone, isGone, isRefusal, retryAfter: retryAfterOf(answer) });
}

function retryAfterOf(answer: IncomingMessage): number {
  const seconds = Number(answer.headers["retry-after"] ?? NaN);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Failure("timeout")), { once: true });
    work.then(resolve, reject);
  });
}
