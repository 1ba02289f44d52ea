/** The deliveries to be made, and their outcomes. */
import type { Reader, Row, Tx, Value } from "@souk/chassis";

import { NotificationChannel as Channel, NotificationDeliveryState as DeliveryState, type NotificationKind } from "../contract.js";
import { marks, micros, text, time, timeOrNone, whole } from "./tables.js";

const PENDING = DeliveryState.PENDING;
const DELIVERED = DeliveryState.DELIVERED;
const DEAD = DeliveryState.DEAD;
const SKIPPED = DeliveryState.SKIPPED;

/** The most that one call requeues or drops; who has more calls again. */
export const MOST_AT_ONCE = 10_000;

/** A delivery as it is stored. */
export interface Delivery {
  sequence: number;
  id: string;
  key: string;
  eventRow: number;
  eventId: string;
  eventType: string;
  subject: string;
  channel: Channel;
  kind: NotificationKind;
  customer: string;
  endpoint: string;
  state: DeliveryState;
  attempts: number;
  failure: string;
  createTime: Date;
  nextTime: Date | undefined;
  endTime: Date | undefined;
}

/** A delivery to be made. */
export type NewDelivery = Pick<Delivery, "id" | "key" | "eventRow" | "subject" | "channel" | "kind" | "customer" | "endpoint">;

/** Which deliveries: of the endpoints of `owner` when it is set, and of whatever else is set. */
export interface Filter {
  owner?: string | undefined;
  endpoint?: string | undefined;
  /** Any of these states; all when there are none. */
  states?: readonly DeliveryState[] | undefined;
  customer?: string | undefined;
  eventId?: string | undefined;
  ids?: readonly string[] | undefined;
  /** Created at this time or later, in microseconds since 1970. */
  createdFrom?: number | undefined;
  /** Created before this time, in microseconds since 1970. */
  createdBefore?: number | undefined;
}

/** Where a list goes on: after the delivery with this time of creation, in microseconds since 1970, and this sequence. */
export interface Position {
  createTime: number;
  sequence: number;
}

const COLUMNS = `d.sequence, d.id, d.key, d.event_row, e.id AS event_id, e.type, d.subject, d.channel, d.kind, d.customer, d.endpoint,
  d.state, d.attempts, d.failure, d.create_time, d.next_time, d.end_time`;
const FROM = "FROM deliveries d JOIN events e ON e.row = d.event_row";

/** Adds a delivery, due at once. One whose key is there already is not added. */
export function addDelivery(tx: Tx, delivery: NewDelivery, now: Date): void {
  tx.run(
    `INSERT INTO deliveries (id, key, event_row, subject, channel, kind, customer, endpoint, state, attempts, failure, create_time, next_time)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ${PENDING}, 0, '', ?, ?) ON CONFLICT DO NOTHING`,
    delivery.id,
    delivery.key,
    delivery.eventRow,
    delivery.subject,
    delivery.channel,
    delivery.kind,
    delivery.customer,
    delivery.endpoint,
    micros(now),
    micros(now),
  );
}

/**
 * Returns what an endpoint is to be sent now: the oldest that is due and has no older one of its subject before it that the
 * endpoint refused. When there is none, returns when the next one is due; undefined when nothing waits.
 */
export function nextOf(reader: Reader, endpoint: string, now: Date): Delivery | Date | undefined {
  const sql = `SELECT ${COLUMNS} ${FROM} WHERE d.endpoint = ? AND d.state = ${PENDING} AND d.next_time <= ?
    AND NOT EXISTS (SELECT 1 FROM deliveries b WHERE b.endpoint = d.endpoint AND b.state = ${PENDING} AND b.is_refused = 1
      AND b.subject = d.subject AND b.sequence < d.sequence)
    ORDER BY d.sequence LIMIT 1`;
  const due = reader.get(sql, endpoint, micros(now));
  if (due !== undefined) return read(due);
  const later = `SELECT min(next_time) AS next FROM deliveries WHERE endpoint = ? AND state = ${PENDING} AND next_time > ?`;
  return timeOrNone(reader.get(later, endpoint, micros(now))?.next);
}

/** Returns the e-mails that are due first, due or not. */
export function nextEmails(reader: Reader, most: number): Delivery[] {
  const sql = `SELECT ${COLUMNS} ${FROM} WHERE d.channel = ${Channel.EMAIL} AND d.state = ${PENDING} ORDER BY d.next_time, d.sequence LIMIT ?`;
  return reader.all(sql, most).map(read);
}

/** Returns the endpoints that something waits for. */
export function endpointsWithWork(reader: Reader): string[] {
  const sql = `SELECT id FROM endpoints WHERE EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint = endpoints.id AND d.state = ${PENDING})`;
  return reader.all(sql).map((row) => text(row.id));
}

/** Records that the receiver took it. */
export function markDelivered(tx: Tx, sequence: number, attempts: number, now: Date): void {
  tx.run(
    `UPDATE deliveries SET state = ${DELIVERED}, attempts = ?, failure = '', next_time = NULL, end_time = ? WHERE sequence = ? AND state = ${PENDING}`,
    attempts,
    micros(now),
    sequence,
  );
}

/** Records an attempt that failed and when the next one is due. `isRefused`: the endpoint refused this event and may take others. */
export function markFailed(tx: Tx, sequence: number, attempts: number, failure: string, next: Date, isRefused: boolean): void {
  tx.run(
    `UPDATE deliveries SET attempts = ?, failure = ?, next_time = ?, is_refused = ? WHERE sequence = ? AND state = ${PENDING}`,
    attempts,
    failure,
    micros(next),
    isRefused ? 1 : 0,
    sequence,
  );
}

/** Records that a delivery is given up. */
export function markDead(tx: Tx, sequence: number, attempts: number, failure: string, now: Date): void {
  tx.run(
    `UPDATE deliveries SET state = ${DEAD}, attempts = ?, failure = ?, next_time = NULL, end_time = ? WHERE sequence = ? AND state = ${PENDING}`,
    attempts,
    failure,
    micros(now),
    sequence,
  );
}

/** Records that there is nowhere to send it. */
export function markSkipped(tx: Tx, sequence: number, failure: string, now: Date): void {
  tx.run(
    `UPDATE deliveries SET state = ${SKIPPED}, failure = ?, next_time = NULL, end_time = ? WHERE sequence = ? AND state = ${PENDING}`,
    failure,
    micros(now),
    sequence,
  );
}

/** Gives up everything that waits for an endpoint. Returns how many. */
export function giveUpOn(tx: Tx, endpoint: string, failure: string, now: Date): number {
  return tx.run(
    `UPDATE deliveries SET state = ${DEAD}, failure = ?, next_time = NULL, end_time = ? WHERE endpoint = ? AND state = ${PENDING}`,
    failure,
    micros(now),
    endpoint,
  );
}

/** Returns up to `most` deliveries after a position, or from the first one on, in the order of their creation. */
export function listDeliveries(reader: Reader, filter: Filter, order: "newest first" | "oldest first", after: Position | undefined, most: number): Delivery[] {
  const { sql, values } = listing(filter, order, after);
  return reader.all(sql, ...values, most).map(read);
}

/** Returns the query of a list; the last value is the most rows. */
export function listing(filter: Filter, order: "newest first" | "oldest first", after: Position | undefined): { sql: string; values: Value[] } {
  const { where, values } = conditions(filter);
  const [beyond, direction] = order === "newest first" ? ["<", "DESC"] : [">", "ASC"];
  const from = after === undefined ? "" : `AND (d.create_time, d.sequence) ${beyond} (?, ?)`;
  const sql = `SELECT ${COLUMNS} ${FROM} WHERE ${where} ${from} ORDER BY d.create_time ${direction}, d.sequence ${direction} LIMIT ?`;
  return { sql, values: after === undefined ? values : [...values, after.createTime, after.sequence] };
}

/** Returns where a list goes on after a delivery. */
export function positionOf({ createTime, sequence }: Delivery): Position {
  return { createTime: micros(createTime), sequence };
}

/** Makes dead deliveries pending again, with no attempts counted. Returns how many. */
export function requeue(tx: Tx, filter: Filter, now: Date): number {
  const { where, values } = conditions({ ...filter, states: [DEAD] });
  return tx.run(
    `UPDATE deliveries SET state = ${PENDING}, attempts = 0, is_refused = 0, next_time = ?, end_time = NULL
     WHERE sequence IN (SELECT d.sequence ${FROM} WHERE ${where})`,
    micros(now),
    ...values,
  );
}

/** Deletes up to `most` dead deliveries, the oldest first. Returns how many. */
export function drop(tx: Tx, filter: Filter, most: number): number {
  const { where, values } = conditions({ ...filter, states: [DEAD] });
  const oldest = `SELECT d.sequence ${FROM} WHERE ${where} ORDER BY d.create_time, d.sequence LIMIT ?`;
  return tx.run(`DELETE FROM deliveries WHERE sequence IN (${oldest})`, ...values, most);
}

/** Deletes everything of an endpoint. */
export function deleteOfEndpoint(tx: Tx, endpoint: string): void {
  tx.run("DELETE FROM deliveries WHERE endpoint = ?", endpoint);
}

/** Deletes up to `most` deliveries of a state that ended before. Returns how many. */
export function purgeDeliveries(tx: Tx, state: DeliveryState, before: Date, most: number): number {
  return tx.run(
    "DELETE FROM deliveries WHERE sequence IN (SELECT sequence FROM deliveries WHERE state = ? AND state <> 1 AND end_time < ? LIMIT ?)",
    state,
    micros(before),
    most,
  );
}

/** Returns how many deliveries wait and how many are dead, by channel. */
export function countOpen(reader: Reader): { channel: Channel; state: DeliveryState; count: number }[] {
  const sql = `SELECT channel, state, COUNT(*) AS count FROM deliveries WHERE state IN (${PENDING}, ${DEAD}) GROUP BY channel, state`;
  return reader.all(sql).map((row) => ({ channel: whole(row.channel), state: whole(row.state), count: whole(row.count) }));
}

function conditions(filter: Filter): { where: string; values: Value[] } {
  const where = ["TRUE"];
  const values: Value[] = [];
  const add = (condition: string, ...more: Value[]) => {
    where.push(condition);
    values.push(...more);
  };
  if (filter.owner !== undefined) add("d.endpoint IN (SELECT id FROM endpoints WHERE owner = ?)", filter.owner);
  if (filter.endpoint !== undefined) add("d.endpoint = ?", filter.endpoint);
  const states = filter.states ?? [];
  // As numbers in the text, so that an index over one state can be used.
  if (states.length === 1) add(`d.state = ${states[0]}`);
  if (states.length > 1) add(`d.state IN (${states.join(", ")})`);
  if (filter.customer !== undefined) add("d.customer = ? AND d.customer <> ''", filter.customer);
  if (filter.eventId !== undefined) add("e.id = ?", filter.eventId);
  if (filter.createdFrom !== undefined) add("d.create_time >= ?", filter.createdFrom);
  if (filter.createdBefore !== undefined) add("d.create_time < ?", filter.createdBefore);
  if (filter.ids !== undefined) add(`d.id IN (${marks(filter.ids.length)})`, ...filter.ids);
  return { where: where.join(" AND "), values };
}

function read(row: Row): Delivery {
  return {
    sequence: whole(row.sequence),
    id: text(row.id),
    key: text(row.key),
    eventRow: whole(row.event_row),
    eventId: text(row.event_id),
    eventType: text(row.type),
    subject: text(row.subject),
    channel: whole(row.channel),
    kind: whole(row.kind),
    customer: text(row.customer),
    endpoint: text(row.endpoint),
    state: whole(row.state),
    attempts: whole(row.attempts),
    failure: text(row.failure),
    createTime: time(row.create_time),
    nextTime: timeOrNone(row.next_time),
    endTime: timeOrNone(row.end_time),
  };
}
