/** The webhook endpoints with their secrets. */
import type { Reader, Row, Tx } from "@souk/chassis";

import { WebhookEndpointState as State } from "../contract.js";
import { micros, microsOrNull, text, time, timeOrNone, whole } from "./tables.js";

/** An endpoint as it is stored. */
export interface Endpoint {
  id: string;
  owner: string;
  url: string;
  eventTypes: string[];
  description: string;
  state: State;
  /** Why it is disabled; empty while it is enabled. */
  disableReason: "" | "requested" | "gone" | "failing";
  /** The secret that signs, sealed for `secretPurpose`. */
  secret: string;
  /** The secret before this one, sealed alike; empty when there is none. */
  previousSecret: string;
  previousSecretExpireTime: Date | undefined;
  version: number;
  createTime: Date;
  updateTime: Date;
  lastSuccessTime: Date | undefined;
  /** When the first failure since the last success was. */
  failingStartTime: Date | undefined;
  /** Until when nothing is sent to it, because it could not take anything the last time. */
  waitTime: Date | undefined;
}

/** Returns an endpoint; undefined when it is not there, or not this owner's. No owner: whoever's it is. */
export function loadEndpoint(reader: Reader, id: string, owner?: string): Endpoint | undefined {
  const row = reader.get("SELECT * FROM endpoints WHERE id = ? AND (? IS NULL OR owner = ?)", id, owner ?? null, owner ?? null);
  return row === undefined ? undefined : read(row);
}

/** Writes an endpoint. */
export function saveEndpoint(tx: Tx, endpoint: Endpoint): void {
  tx.run(
    `INSERT INTO endpoints (id, owner, url, event_types, description, state, disable_reason, secret, previous_secret,
       previous_secret_expire_time, version, create_time, update_time, last_success_time, failing_start_time, wait_time)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET url = excluded.url, event_types = excluded.event_types, description = excluded.description,
       state = excluded.state, disable_reason = excluded.disable_reason, secret = excluded.secret,
       previous_secret = excluded.previous_secret, previous_secret_expire_time = excluded.previous_secret_expire_time,
       version = excluded.version, update_time = excluded.update_time, last_success_time = excluded.last_success_time,
       failing_start_time = excluded.failing_start_time, wait_time = excluded.wait_time`,
    endpoint.id,
    endpoint.owner,
    endpoint.url,
    JSON.stringify(endpoint.eventTypes),
    endpoint.description,
    endpoint.state,
    endpoint.disableReason,
    endpoint.secret,
    endpoint.previousSecret,
    microsOrNull(endpoint.previousSecretExpireTime),
    endpoint.version,
    micros(endpoint.createTime),
    micros(endpoint.updateTime),
    microsOrNull(endpoint.lastSuccessTime),
    microsOrNull(endpoint.failingStartTime),
    microsOrNull(endpoint.waitTime),
  );
}

/** Deletes an endpoint. */
export function deleteEndpoint(tx: Tx, id: string): void {
  tx.run("DELETE FROM endpoints WHERE id = ?", id);
}

/** Returns up to `most` endpoints after an id, of one owner or of all. */
export function listEndpoints(reader: Reader, owner: string | undefined, after: string, most: number): Endpoint[] {
  const sql = "SELECT * FROM endpoints WHERE id > ? AND (? IS NULL OR owner = ?) ORDER BY id LIMIT ?";
  return reader.all(sql, after, owner ?? null, owner ?? null, most).map(read);
}

/** Returns how many endpoints an owner has. */
export function countEndpoints(reader: Reader, owner: string): number {
  return whole(reader.get("SELECT COUNT(*) AS count FROM endpoints WHERE owner = ?", owner)?.count);
}

/** Returns every endpoint that is enabled. */
export function enabledEndpoints(reader: Reader): Endpoint[] {
  return reader.all(`SELECT * FROM endpoints WHERE state = ${State.ENABLED} ORDER BY id`).map(read);
}

/** Records that the endpoint took something. */
export function noteSuccess(tx: Tx, id: string, now: Date): void {
  tx.run("UPDATE endpoints SET last_success_time = ?, failing_start_time = NULL, wait_time = NULL WHERE id = ?", micros(now), id);
}

/** Records that an attempt failed; the first one since a success sets the time. */
export function noteFailure(tx: Tx, id: string, now: Date): void {
  tx.run("UPDATE endpoints SET failing_start_time = coalesce(failing_start_time, ?) WHERE id = ?", micros(now), id);
}

/** Records until when nothing is sent to the endpoint. */
export function noteWait(tx: Tx, id: string, until: Date): void {
  tx.run("UPDATE endpoints SET wait_time = ? WHERE id = ?", micros(until), id);
}

function read(row: Row): Endpoint {
  return {
    id: text(row.id),
    owner: text(row.owner),
    url: text(row.url),
    eventTypes: JSON.parse(text(row.event_types)) as string[],
    description: text(row.description),
    state: whole(row.state),
    disableReason: text(row.disable_reason) as Endpoint["disableReason"],
    secret: text(row.secret),
    previousSecret: text(row.previous_secret),
    previousSecretExpireTime: timeOrNone(row.previous_secret_expire_time),
    version: whole(row.version),
    createTime: time(row.create_time),
    updateTime: time(row.update_time),
    lastSuccessTime: timeOrNone(row.last_success_time),
    failingStartTime: timeOrNone(row.failing_start_time),
    waitTime: timeOrNone(row.wait_time),
  };
}
