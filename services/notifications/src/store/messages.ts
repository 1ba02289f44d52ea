/** The messages in the shop. */
import type { Reader, Row, Tx } from "@souk/chassis";

import type { NotificationKind } from "../contract.js";
import { marks, micros, text, time, whole } from "./tables.js";

/** A message as it is stored. */
export interface Message {
  id: string;
  customer: string;
  sequence: number;
  kind: NotificationKind;
  title: string;
  body: string;
  subject: string;
  isRead: boolean;
  eventTime: Date;
  createTime: Date;
}

/** A message to be written; its sequence comes with the writing. */
export type NewMessage = Omit<Message, "sequence" | "isRead"> & { key: string };

/** Writes a message, once for each key. Returns whether it was written now. */
export function addMessage(tx: Tx, message: NewMessage): boolean {
  if (tx.get("SELECT 1 AS found FROM messages WHERE key = ?", message.key) !== undefined) return false;
  // Invariant: a sequence is given once, also when the message that had it is purged.
  tx.run(
    "INSERT INTO message_sequences (customer, last) VALUES (?, 1) ON CONFLICT (customer) DO UPDATE SET last = last + 1",
    message.customer,
  );
  const sequence = whole(tx.get("SELECT last FROM message_sequences WHERE customer = ?", message.customer)?.last);
  tx.run(
    `INSERT INTO messages (id, key, customer, sequence, kind, title, body, subject, is_read, event_time, create_time)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
    message.id,
    message.key,
    message.customer,
    sequence,
    message.kind,
    message.title,
    message.body,
    message.subject,
    micros(message.eventTime),
    micros(message.createTime),
  );
  return true;
}

/** Returns up to `most` messages of a customer after a sequence, oldest first. */
export function messagesAfter(reader: Reader, customer: string, sequence: number, most: number): Message[] {
  const sql = "SELECT * FROM messages WHERE customer = ? AND sequence > ? ORDER BY sequence LIMIT ?";
  return reader.all(sql, customer, sequence, most).map(read);
}

/** Returns up to `most` messages of a customer before a sequence, newest first. */
export function messagesBefore(reader: Reader, customer: string, sequence: number, isUnreadOnly: boolean, most: number): Message[] {
  const unread = isUnreadOnly ? "AND is_read = 0" : "";
  const sql = `SELECT * FROM messages WHERE customer = ? AND sequence < ? ${unread} ORDER BY sequence DESC LIMIT ?`;
  return reader.all(sql, customer, sequence, most).map(read);
}

/** Returns how many messages of a customer are not read. */
export function countUnread(reader: Reader, customer: string): number {
  return whole(reader.get("SELECT COUNT(*) AS count FROM messages WHERE customer = ? AND is_read = 0", customer)?.count);
}

/** Marks messages of a customer as read: those named and those up to a sequence. */
export function markRead(tx: Tx, customer: string, ids: readonly string[], upTo: number): void {
  tx.run("UPDATE messages SET is_read = 1 WHERE customer = ? AND sequence <= ? AND is_read = 0", customer, upTo);
  if (ids.length === 0) return;
  tx.run(`UPDATE messages SET is_read = 1 WHERE customer = ? AND is_read = 0 AND id IN (${marks(ids.length)})`, customer, ...ids);
}

/** Deletes up to `most` messages written before. Returns how many. */
export function purgeMessages(tx: Tx, before: Date, most: number): number {
  return tx.run("DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE create_time < ? LIMIT ?)", micros(before), most);
}

function read(row: Row): Message {
  return {
    id: text(row.id),
    customer: text(row.customer),
    sequence: whole(row.sequence),
    kind: whole(row.kind),
    title: text(row.title),
    body: text(row.body),
    subject: text(row.subject),
    isRead: whole(row.is_read) === 1,
    eventTime: time(row.event_time),
    createTime: time(row.create_time),
  };
}
