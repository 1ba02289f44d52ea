/** The deliveries to be made, and their outcomes. */
import type { Reader, Row, Tx, Value } from "@souk/chassis";

import { Channel, DeliveryState, type NotificationKind } from "../contract.js";
import { marks, micros, text, time, timeOrNone, whole } from "./tables.js";

const PENDING = DeliveryState.PENDING;
const DELIVERED = DeliveryState.DELIVERED;
const DEAD = DeliveryState.DEAD;

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
  account: string;
  endpoint: string;
  state: DeliveryState;
  attempts: number;
  failure: string;
  createTime: Date;
  nextTime: Date | undefined;
  endTime: Date | undefined;
}

/** A delivery to be made. */
export type NewDelivery = Pick<Delivery, "id" | "key" | "eventRow" | "subject" | "channel" | "kind" | "account" | "endpoint">;

/** Which deliveries: of the endpoints of `owner` when it is set, and of whatever else is set. */
export interface Filter {
  owner?: string | undefined;
  endpoint?: string | undefined;
  state?: DeliveryState | undefined;
  account?: string | undefined;
  eventId?: string | undefined;
  ids?: readonly string[] | undefined;
}

const COLUMNS = `d.sequence, d.id, d.key, d.event_row, e.id AS event_id, e.type, d.subject, d.channel, d.kind, d.account, d.endpoint,
  d.state, d.attempts, d.failure, d.create_time, d.next_time, d.end_time`;
const FROM = "FROM deliveries d JOIN events e ON e.row = d.event_row";

/** Adds a delivery, due at once. One whose key is there already is not added. */
export function addDelivery(tx: Tx, delivery: NewDelivery, now: Date): void {
  tx.run(
    `INSERT INTO deliveries (id, key, event_row, subject, channel, kind, account, endpoint, state, attempts, failure, create_time, next_time)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ${PENDING}, 0, '', ?, ?) ON CONFLICT DO NOTHING`,
    delivery.id,
    delivery.key,
    delivery.eventRow,
    delivery.subject,
    delivery.channel,
    delivery.kind,
    delivery.account,
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

/** Gives up everything that waits for an endpoint. Returns how many. */
export function giveUpOn(tx: Tx, endpoint: string, failure: string, now: Date): number {
  return tx.run(
    `UPDATE deliveries SET state = ${DEAD}, failure = ?, next_time = NULL, end_time = ? WHERE endpoint = ? AND state = ${PENDING}`,
    failure,
    micros(now),
    endpoint,
  );
}

/** Returns up to `most` deliveries, newest first below `before`, or oldest first above `after`. */
export function listDeliveries(reader: Reader, filter: Filter, place: { before?: number; after?: number }, most: number): Delivery[] {
  const { where, values } = conditions(filter);
  if (place.before !== undefined) {
    const sql = `SELECT ${COLUMNS} ${FROM} WHERE ${where} AND d.sequence < ? ORDER BY d.sequence DESC LIMIT ?`;
    return reader.all(sql, ...values, place.before, most).map(read);
  }
  const sql = `SELECT ${COLUMNS} ${FROM} WHERE ${where} AND d.sequence > ? ORDER BY d.sequence LIMIT ?`;
  return reader.all(sql, ...values, place.after ?? 0, most).map(read);
}

/** Makes dead deliveries pending again, with no attempts counted. Returns how many. */
export function requeue(tx: Tx, filter: Filter, now: Date): number {
  const { where, values } = conditions({ ...filter, state: DEAD });
  return tx.run(
    `UPDATE deliveries SET state = ${PENDING}, attempts = 0, is_refused = 0, next_time = ?, end_time = NULL
     WHERE sequence IN (SELECT d.sequence ${FROM} WHERE ${where})`,
    micros(now),
    ...values,
  );
}

/** Deletes dead deliveries. Returns how many. */
export function drop(tx: Tx, filter: Filter): number {
  const { where, values } = conditions({ ...filter, state: DEAD });
  return tx.run(`DELETE FROM deliveries WHERE sequence IN (SELECT d.sequence ${FROM} WHERE ${where})`, ...values);
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
  const sql = `SELECT channel, state, COUNT(*) AS count FROM deliveries WHERE state <> ${DELIVERED} GROUP BY channel, state`;
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
  if (filter.state !== undefined) add("d.state = ?", filter.state);
  if (filter.account !== undefined) add("d.account = ?", filter.account);
  if (filter.eventId !== undefined) add("e.id = ?", filter.eventId);
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
    account: text(row.account),
    endpoint: text(row.endpoint),
    state: whole(row.state),
    attempts: whole(row.attempts),
    failure: text(row.failure),
    createTime: time(row.create_time),
    nextTime: timeOrNone(row.next_time),
    endTime: timeOrNone(row.end_time),
  };
}
