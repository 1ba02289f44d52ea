/** The invariants once more, as queries over everything. */
import type { Finding, Reader, Report } from "@souk/chassis";

import { NotificationKind as Kind } from "../contract.js";
import { text, whole } from "./tables.js";

const MOST_FINDINGS = 1000;

const CHECKS: { invariant: string; sql: string }[] = [
  {
    invariant: "a delivery is of an event that is kept",
    sql: "SELECT id AS subject, 'event row ' || event_row AS detail FROM deliveries WHERE event_row NOT IN (SELECT row FROM events)",
  },
  {
    invariant: "a webhook is to an endpoint that is there",
    sql: "SELECT id AS subject, endpoint AS detail FROM deliveries WHERE channel = 3 AND endpoint NOT IN (SELECT id FROM endpoints)",
  },
  {
    invariant: "nothing waits for an endpoint that is not enabled",
    sql: `SELECT d.id AS subject, d.endpoint || ' in state ' || p.state AS detail FROM deliveries d JOIN endpoints p ON p.id = d.endpoint
      WHERE d.state = 1 AND p.state <> 1`,
  },
  {
    invariant: "a delivery that was made was attempted",
    sql: "SELECT id AS subject, 'attempts ' || attempts AS detail FROM deliveries WHERE state = 2 AND attempts < 1",
  },
  {
    invariant: "a state is one of the contract's",
    sql: "SELECT id AS subject, 'state ' || state AS detail FROM deliveries WHERE state NOT IN (1, 2, 3, 4)",
  },
  {
    invariant: "the secrets of an endpoint are sealed",
    sql: `SELECT id AS subject, 'plain text' AS detail FROM endpoints
      WHERE secret NOT LIKE 'sealed:%' OR (previous_secret <> '' AND previous_secret NOT LIKE 'sealed:%')`,
  },
  {
    invariant: "no sequence of messages is beyond the last that was given",
    sql: `SELECT m.customer AS subject, 'sequence ' || m.sequence || ', last ' || coalesce(s.last, 0) AS detail
      FROM messages m LEFT JOIN message_sequences s ON s.customer = m.customer WHERE m.sequence > coalesce(s.last, 0)`,
  },
  {
    invariant: "messages of a customer have no gap that their purge did not make",
    sql: `SELECT m.customer AS subject, COUNT(*) || ' of ' || (MAX(m.sequence) - MIN(m.sequence) + 1) AS detail FROM messages m
      GROUP BY m.customer HAVING COUNT(*) <> MAX(m.sequence) - MIN(m.sequence) + 1`,
  },
  {
    invariant: "what is for a guest whom a customer claimed is for the customer",
    sql: `SELECT id AS subject, customer AS detail FROM messages WHERE customer IN (SELECT guest FROM claimed_guests)
      UNION ALL SELECT id, customer FROM deliveries WHERE customer IN (SELECT guest FROM claimed_guests) AND kind <> ${Kind.EMAIL_CONFIRMATION}`,
  },
];

const COUNTS: { what: string; sql: string }[] = ["events", "deliveries", "messages", "preferences", "endpoints", "watched_skus"].map(
  (table) => ({ what: table, sql: `SELECT COUNT(*) AS count FROM ${table}` }),
);

/** Returns what does not hold, and how much was looked at. */
export function audit(reader: Reader): Report {
  const findings: Finding[] = [];
  for (const { invariant, sql } of CHECKS) {
    for (const row of reader.all(`${sql} LIMIT ?`, MOST_FINDINGS - findings.length)) {
      findings.push({ invariant, subject: text(row.subject), detail: text(row.detail) });
    }
  }
  return { findings, counts: COUNTS.map(({ what, sql }) => ({ what, count: BigInt(whole(reader.get(sql)?.count)) })) };
}
