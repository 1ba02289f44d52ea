/** Brings tables up to date: forward only, each step in a transaction; a file that a newer program wrote is refused. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { DatabaseSync } from "@photostructure/sqlite";
import { customerOf } from "@souk/client";

/** An open file. */
export type Database = InstanceType<typeof DatabaseSync>;

interface Step {
  name: string;
  sql: string;
}

/** What the chassis itself keeps: handled events, events to publish, answers to repeat. A step that was released never changes. */
const OWN: Step[] = [
  {
    name: "0001_chassis",
    sql: `
      CREATE TABLE souk_inbox (
        subscription TEXT NOT NULL, source TEXT NOT NULL, event_id TEXT NOT NULL, handled_time INTEGER NOT NULL,
        PRIMARY KEY (subscription, source, event_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX souk_inbox_by_time ON souk_inbox (handled_time);
      CREATE TABLE souk_outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
        payload BLOB NOT NULL, created_time INTEGER NOT NULL, traceparent TEXT
      ) STRICT;
      CREATE TABLE souk_outbox_refused (
        seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
        payload BLOB NOT NULL, created_time INTEGER NOT NULL, traceparent TEXT, reason TEXT NOT NULL
      ) STRICT;
      CREATE TABLE souk_requests (
        caller TEXT NOT NULL, method TEXT NOT NULL, request_id TEXT NOT NULL, digest BLOB NOT NULL, response BLOB NOT NULL,
        created_time INTEGER NOT NULL,
        PRIMARY KEY (caller, method, request_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX souk_requests_by_time ON souk_requests (created_time);
      CREATE TABLE souk_token_key (one INTEGER PRIMARY KEY CHECK (one = 1), bytes BLOB NOT NULL) STRICT;`,
  },
  {
    name: "0002_shop",
    // Whose database this is, which the one program says, and how far it has come: an older copy has a lower epoch.
    sql: `
      CREATE TABLE souk_shop (
        one INTEGER PRIMARY KEY CHECK (one = 1), shop TEXT NOT NULL, epoch INTEGER NOT NULL, reserve BLOB
      ) STRICT;
      INSERT INTO souk_shop (one, shop, epoch) VALUES (1, '', 0);`,
  },
  {
    name: "0003_customers",
    // What a person repeats is found by its customer.
    sql: "UPDATE souk_requests SET caller = souk_customer_of(caller) WHERE substr(caller, 1, 5) = 'user:'",
  },
];

/** Run at each start, and in each second in which something is written. */
export const RAISE_EPOCH = "UPDATE souk_shop SET epoch = epoch + 1";

/**
 * Runs the steps that the file does not have yet: the chassis' own, then those of the service. Both may use
 * `souk_customer_of('user:alice')`, the customer that development tokens derive from a name.
 */
export function migrate(db: Database, folder: URL | string | undefined, now: Date): void {
  db.function("souk_customer_of", { deterministic: true }, (subject: unknown) => customerOf(String(subject)));
  db.exec(`CREATE TABLE IF NOT EXISTS souk_migrations (
    owner TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, applied_time INTEGER NOT NULL,
    PRIMARY KEY (owner, version)
  ) STRICT, WITHOUT ROWID`);
  run(db, "chassis", OWN, now);
  run(db, "service", folder === undefined ? [] : stepsIn(folder), now);
}

function stepsIn(folder: URL | string): Step[] {
  const path = folder instanceof URL ? fileURLToPath(folder) : folder;
  const files = readdirSync(path).filter((name) => name.endsWith(".sql")).sort();
  return files.map((name, index) => {
    if (Number.parseInt(name, 10) !== index + 1) throw new Error(`migration ${name} should have the number ${index + 1}`);
    return { name: name.slice(0, -4), sql: readFileSync(join(path, name), "utf8") };
  });
}

function run(db: Database, owner: string, steps: Step[], now: Date): void {
  const applied = db.prepare("SELECT version, name, digest FROM souk_migrations WHERE owner = ? ORDER BY version").all(owner) as {
    version: number;
    name: string;
    digest: string;
  }[];
  if (applied.length > steps.length) {
    throw new Error(`the database has ${applied.length} migrations of the ${owner} and this program knows ${steps.length}`);
  }
  for (const [index, { name, sql }] of steps.entries()) {
    const digest = createHash("sha256").update(sql).digest("hex");
    const before = applied[index];
    if (before !== undefined && before.digest !== digest) throw new Error(`migration ${before.name} was changed after it was applied`);
    if (before !== undefined) continue;
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(sql);
      const values = [owner, index + 1, name, digest, now.getTime()];
      db.prepare("INSERT INTO souk_migrations (owner, version, name, digest, applied_time) VALUES (?, ?, ?, ?, ?)").run(...values);
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw new Error(`migration ${name}: ${(error as Error).message}`, { cause: error });
    }
  }
}
