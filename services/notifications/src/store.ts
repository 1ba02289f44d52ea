/**
 * The database: one SQLite file that only this process has open. `write` is the only way to write.
 *
 * **Invariant:** nothing that a closure returned, errors included, is released before the COMMIT that covers it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

// The same API as node:sqlite, which Node.js 20 does not have yet.
import { DatabaseSync, type StatementSyncInstance as Statement } from "@photostructure/sqlite";

import type { Reader, Row, Tx, Value } from "./store/tables.js";

/** How many closures one transaction covers at most. */
const MOST_IN_GROUP = 500;
/** How many statements are kept prepared; all of ours are fewer. */
const MOST_STATEMENTS = 300;

interface Pending {
  run: () => void;
  settle: (failure?: Error) => void;
}

type Database = InstanceType<typeof DatabaseSync>;

/** The open database. */
export class Store {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement>();
  #queue: Pending[] = [];
  #isScheduled = false;
  /** Each statement for itself, on what is committed. */
  readonly read: Reader;

  private constructor(db: Database) {
    this.#db = db;
    this.read = { get: (sql, ...values) => this.#all(sql, values)[0], all: (sql, ...values) => this.#all(sql, values) };
  }

  /** Opens a file, `:memory:` for tests, and brings its tables up to date. Throws when another process has it open. */
  static open(file: string, migrations: string): Store {
    const db = new DatabaseSync(file);
    // Held until the process ends: a second one on the same file is refused.
    db.exec("PRAGMA locking_mode = EXCLUSIVE");
    db.exec("PRAGMA journal_mode = WAL");
    // Each COMMIT is on disk before it returns.
    db.exec("PRAGMA synchronous = FULL");
    db.exec("PRAGMA foreign_keys = ON");
    migrate(db, migrations);
    return new Store(db);
  }

  /**
   * Runs `work` in a transaction and returns its result when that is durable. `work` is synchronous and free of other
   * effects. Those that are called at the same time share one COMMIT; one that throws is undone alone.
   */
  write<T>(work: (tx: Tx) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let settle: (failure?: Error) => void = reject;
      const run = () => {
        this.#exec("SAVEPOINT one");
        try {
          const result = work(this.#tx);
          this.#exec("RELEASE one");
          settle = (failure) => (failure === undefined ? resolve(result) : reject(failure));
        } catch (error) {
          this.#exec("ROLLBACK TO one");
          this.#exec("RELEASE one");
          settle = (failure) => reject(failure ?? (error as Error));
        }
      };
      this.#queue.push({ run, settle: (failure) => settle(failure) });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      setImmediate(() => this.#commit());
    });
  }

  /** Waits for the writes that were begun, and closes the file. */
  async close(): Promise<void> {
    await this.write(() => undefined);
    // The lock would last as long as the statements do, which the garbage collector decides about.
    this.#statements.clear();
    this.#exec("PRAGMA journal_mode = DELETE");
    this.#exec("PRAGMA locking_mode = NORMAL");
    this.#all("SELECT COUNT(*) FROM sqlite_master", []);
    this.#db.close();
  }

  readonly #tx: Tx = {
    get: (sql, ...values) => this.#all(sql, values)[0],
    all: (sql, ...values) => this.#all(sql, values),
    run: (sql, ...values) => Number(this.#prepare(sql).run(...values).changes),
  };

  #commit(): void {
    const group = this.#queue.splice(0, MOST_IN_GROUP);
    this.#isScheduled = this.#queue.length > 0;
    if (this.#isScheduled) setImmediate(() => this.#commit());
    let failure: Error | undefined;
    try {
      this.#exec("BEGIN IMMEDIATE");
      for (const { run } of group) run();
      this.#exec("COMMIT");
    } catch (error) {
      // A full disk, say: nothing of the group was written.
      failure = error as Error;
      if (this.#db.isTransaction) this.#exec("ROLLBACK");
    }
    for (const { settle } of group) settle(failure);
  }

  #exec(sql: string): void {
    this.#db.exec(sql);
  }

  #all(sql: string, values: Value[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      if (this.#statements.size >= MOST_STATEMENTS) this.#statements.clear();
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Forward only, each in a transaction; a file that a newer program wrote is refused. */
function migrate(db: Database, folder: string): void {
  const files = readdirSync(folder).filter((name) => /^[0-9]{4}_.*\.sql$/.test(name)).sort();
  const { user_version: done } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  if (done > files.length) throw new Error(`the database has version ${done} and this program knows ${files.length}`);
  for (const [index, name] of files.entries()) {
    if (index < done) continue;
    db.exec(`BEGIN IMMEDIATE; ${readFileSync(join(folder, name), "utf8")}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}
