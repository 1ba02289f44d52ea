/**
 * The relay: publishes what waits in the outbox and deletes what the bus has. Woken by each commit.
 *
 * **Invariant:** an event is deleted only after the bus has it, and events of one key are published in the order of the outbox,
 * one batch at a time. A crash between the two publishes some events again; consumers know them by their id.
 *
 * An event that breaks a rule of the contract makes the bus refuse the whole request that holds it. Then events go one at a time for
 * a while: the one that is refused alone is set aside with the reason, and the others go on.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { SoukError } from "@souk/client";
import { EventSchema } from "@souk/client/gen/souk/events/v1/event_pb.js";
import { EventService, PublishResultSchema, type PublishResult } from "@souk/client/gen/souk/events/v1/events_service_pb.js";

import { Backoff } from "./backoff.js";
import { systemClock } from "./clock.js";
import { withCauses } from "./error.js";
import type { Host } from "./host.js";
import type { Metrics } from "./red.js";
import type { Row, Store } from "./store.js";
import type { Worker } from "./worker.js";

const EVENTS_AT_ONCE = 500;
/** Far below what a message may have. */
const BYTES_AT_ONCE = 4 << 20;
const PUBLISH_LIMIT_MS = 5000;
/** What the bus says of a request that it will never take as it is. */
const NEVER = ["ERROR_REASON_INVALID_FIELD", "ERROR_REASON_MESSAGE_TOO_LARGE"];
/** How often the outbox is looked at without being woken. */
const SWEEP_MS = 1000;

/** Returns the worker that empties the outbox of a store into the bus. While the bus is away events wait, and nothing waits for them. */
export function relay(store: Store, host: Host, metrics: Metrics): Worker {
  const bus = createClient(EventService, host.channel("events"));
  const service = { service: host.name };
  const run = async (drain: AbortSignal) => {
    const backoff = new Backoff();
    // How many of the next events go one at a time.
    let singly = 0;
    while (!drain.aborted) {
      const waiting = store.read.all("SELECT * FROM souk_outbox ORDER BY seq LIMIT ?", singly > 0 ? 1 : EVENTS_AT_ONCE);
      const [oldest] = waiting;
      metrics.outboxOldest.set(service, oldest === undefined ? 0 : Math.max(0, (Date.now() - Number(oldest["created_time"])) / 1000));
      if (oldest === undefined) {
        singly = 0;
        await store.published(SWEEP_MS, drain);
        continue;
      }
      const batch = firstBatch(waiting);
      let problem: string | undefined;
      try {
        const request = { events: batch.map((row) => envelope(row, host.name)) };
        const { results } = await bus.publishEvents(request, { timeoutMs: PUBLISH_LIMIT_MS });
        problem = await settle(batch, results);
        singly = Math.max(0, singly - 1);
      } catch (error) {
        const { reason, message } = SoukError.from(error);
        if (!NEVER.includes(reason)) problem = withCauses(error);
        else if (batch.length > 1) singly = EVENTS_AT_ONCE;
        else problem = await settle(batch, [refusal(message)]);
      }
      if (problem === undefined) {
        if (backoff.isFailing) host.log.info(`publishing events of ${host.name} works again`);
        backoff.reset();
        continue;
      }
      if (!backoff.isFailing) host.log.warn(`events of ${host.name} wait for the event bus: ${problem}`);
      await systemClock.sleep(backoff.next(), drain);
    }
  };

  /** Deletes what the bus has, and sets aside what it will never take. Returns why nothing went on. */
  async function settle(batch: Row[], results: PublishResult[]): Promise<string | undefined> {
    const published: Row[] = [];
    const refused: [Row, string][] = [];
    let later: string | undefined;
    for (const [index, row] of batch.entries()) {
      const result = results[index]?.result;
      if (result?.case === "position") published.push(row);
      else if (result?.case === "failure" && !result.value.retryable) refused.push([row, result.value.message]);
      else later ??= result?.case === "failure" ? result.value.message : "the event bus returned no result";
    }
    metrics.outboxPublished.inc(service, published.length);
    metrics.outboxRefused.inc(service, refused.length);
    for (const [row, reason] of refused) {
      host.log.error({ "event.id": row["event_id"] }, `the event bus rejects ${String(row["kind"])} ${String(row["event_id"])} permanently: ${reason}`);
    }
    await store.write((tx) => {
      for (const [row, reason] of refused) tx.run("INSERT INTO souk_outbox_refused SELECT *, ? FROM souk_outbox WHERE seq = ?", reason, row["seq"] ?? 0);
      for (const row of [...published, ...refused.map(([one]) => one)]) tx.run("DELETE FROM souk_outbox WHERE seq = ?", row["seq"] ?? 0);
    });
    return published.length + refused.length > 0 ? undefined : later;
  }

  return { name: "relay", run };
}

/** Returns the result of an event that was refused alone. */
function refusal(message: string): PublishResult {
  return create(PublishResultSchema, { result: { case: "failure", value: { message } } });
}

/** Returns the oldest events that fit into one request; at least one. */
function firstBatch(waiting: Row[]): Row[] {
  let bytes = 0;
  const count = waiting.findIndex((row) => (bytes += (row["payload"] as Uint8Array).length) > BYTES_AT_ONCE);
  return count < 0 ? waiting : waiting.slice(0, Math.max(1, count));
}

function envelope(row: Row, service: string): MessageInitShape<typeof EventSchema> {
  const key = String(row["key"]);
  return create(EventSchema, {
    id: String(row["event_id"]),
    // The bus sets it from who we are; set here too for those who read a request.
    source: `/services/${service}`,
    type: String(row["kind"]),
    subject: key,
    time: timestampFromMs(Number(row["created_time"])),
    data: row["payload"] as Uint8Array,
    orderingKey: key,
    extensions: row["traceparent"] === null ? {} : { traceparent: String(row["traceparent"]) },
  });
}
