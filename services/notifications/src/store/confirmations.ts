/** The codes that confirm addresses, and when they were asked for. */
import type { Reader, Tx } from "@souk/chassis";

import { bytes, micros, text, time, whole } from "./tables.js";

/** A code that confirms the address of a customer. */
export interface Confirmation {
  customer: string;
  /** Whom the code was made for, which its hash and its seal name: the customer, or as it was called before. */
  madeFor: string;
  /** The event whose delivery mails the code. */
  eventId: string;
  /** Of whom it was made for, the address and the code. */
  codeHash: Uint8Array;
  /** The code, sealed, until it was mailed; empty afterwards. */
  sealedCode: string;
  wrongCodes: number;
  expireTime: Date;
}

/** Returns the newest code of a customer. */
export function loadConfirmation(reader: Reader, customer: string): Confirmation | undefined {
  const row = reader.get("SELECT * FROM email_confirmations WHERE customer = ?", customer);
  if (row === undefined) return undefined;
  return {
    customer,
    madeFor: text(row.made_for),
    eventId: text(row.event_id),
    codeHash: bytes(row.code_hash),
    sealedCode: text(row.sealed_code),
    wrongCodes: whole(row.wrong_codes),
    expireTime: time(row.expire_time),
  };
}

/** Writes the code of a customer; the one before is no longer good. */
export function saveConfirmation(tx: Tx, confirmation: Confirmation): void {
  deleteConfirmation(tx, confirmation.customer);
  tx.run(
    `INSERT INTO email_confirmations (customer, made_for, event_id, code_hash, sealed_code, wrong_codes, expire_time)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    confirmation.customer,
    confirmation.madeFor,
    confirmation.eventId,
    confirmation.codeHash,
    confirmation.sealedCode,
    confirmation.wrongCodes,
    micros(confirmation.expireTime),
  );
}

/** Deletes the code of a customer. */
export function deleteConfirmation(tx: Tx, customer: string): void {
  tx.run("DELETE FROM email_confirmations WHERE customer = ?", customer);
}

/** Counts a wrong code. */
export function noteWrongCode(tx: Tx, customer: string): void {
  tx.run("UPDATE email_confirmations SET wrong_codes = wrong_codes + 1 WHERE customer = ?", customer);
}

/** Forgets a code that was mailed; its hash stays. */
export function forgetCode(tx: Tx, customer: string, eventId: string): void {
  tx.run("UPDATE email_confirmations SET sealed_code = '' WHERE customer = ? AND event_id = ?", customer, eventId);
}

/** Records that a code was asked for. */
export function noteRequest(tx: Tx, customer: string, addressHash: Uint8Array, now: Date): void {
  const sql = "INSERT INTO email_confirmation_requests (customer, address_hash, create_time) VALUES (?, ?, ?)";
  tx.run(sql, customer, addressHash, micros(now));
}

/** Returns when codes were asked for since, by the customer or for the address, oldest first. */
export function requestsSince(reader: Reader, customer: string, addressHash: Uint8Array, since: Date, most: number): Date[] {
  const sql = `SELECT create_time FROM email_confirmation_requests WHERE row IN (
      SELECT row FROM email_confirmation_requests WHERE customer = ?1 AND create_time > ?3
      UNION SELECT row FROM email_confirmation_requests WHERE address_hash = ?2 AND create_time > ?3
    ) ORDER BY create_time DESC LIMIT ?4`;
  return reader.all(sql, customer, addressHash, micros(since), most).map((row) => time(row.create_time)).reverse();
}

/** Deletes up to `most` records from before. Returns how many. */
export function purgeRequests(tx: Tx, before: Date, most: number): number {
  const sql = "DELETE FROM email_confirmation_requests WHERE row IN (SELECT row FROM email_confirmation_requests WHERE create_time < ? LIMIT ?)";
  return tx.run(sql, micros(before), most);
}
