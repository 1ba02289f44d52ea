/**
 * The database of a service: one SQLite file (WAL, synchronous=FULL) that only this process writes to. `write` is the only way
 * to write.
 *
 * **Invariant:** nothing that a closure returned, errors included, is released before the COMMIT that covers it.
 */
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";

import { toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
// The same API as node:sqlite, which Node.js 20 does not have yet.
import { DatabaseSync, type StatementSyncInstance as Statement } from "@photostructure/sqlite";
import { ErrorReason as Reason } from "@souk/client/gen/souk/policy/v1/error_reason_pb.js";

import { systemClock, type Clock } from "./clock.js";
import { Context } from "./context.js";
import type { Refusal } from "./error.js";
import { HeldElsewhere, HeldFile, LostError } from "./held.js";
import { newId } from "./id.js";
import { keyOf } from "./key.js";
import { withoutPrivate } from "./private.js";
import { RAISE_EPOCH, migrate, type Database } from "./migrate.js";
import { refuse } from "./refusal.js";
import { StartError } from "./start_error.js";
import type { Worker } from "./worker.js";

/** What a column holds: times are whole milliseconds or microseconds, truths 0 or 1. */
export type Value = string | number | bigint | Uint8Array | null;

/** A row by its columns. */
export type Row = Readonly<Record<string, Value>>;

/** Reads what is committed; within a write also what it has written itself. */
export interface Reader {
  /** Returns the first row; undefined when there is none. */
  get(sql: string, ...values: Value[]): Row | undefined;
  all(sql: string, ...values: Value[]): Row[];
}

/** One write: its statements happen together or not at all. */
export interface Tx extends Reader {
  /** Runs a statement and returns how many rows it changed. */
  run(sql: string, ...values: Value[]): number;
  /**
   * Puts an event into the outbox: it is committed with the change, and the relay publishes it in order per key, which is what the
   * contract says (`souk.policy.v1.event`). Returns its id.
   */
  publish<D extends DescMessage>(schema: D, event: MessageShape<D>): string;
}

/** Where the database is and what its tables are. */
export interface StoreOptions {
  /** The file. A second process on it is refused. */
  file: string;
  /** The folder of the migrations, `0001_name.sql` and on: forward only, and never changed once released. */
  migrations?: URL | string;
  clock?: Clock;
  /** Gets what an operator should know: a failed commit, a file that others could read. */
  log?: { warn: (message: string) => void; error: (message: string) => void };
}

/** How long a statement waits while another program, such as a backup, holds the file. */
const BUSY_TIMEOUT_MS = 5000;
/** How often a database that is written to raises its epoch. */
const EPOCH_EVERY_MS = 1000;
/** How much a full disk must have again before it counts as writable: some pages. */
const PROBE_BYTES = 16 << 10;
/** How many closures one COMMIT covers at most. */
const MOST_IN_GROUP = 500;
/** How many statements are kept prepared. */
const MOST_STATEMENTS = 300;
const PURGE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** A repeat comes within days; an event can be delivered again for as long as the bus keeps it, which is 30 days. */
const KEEP_REQUESTS_MS = 7 * DAY_MS;
const KEEP_INBOX_MS = 60 * DAY_MS;

interface Pending {
  run(): void;
  settle(failure?: Error): void;
}

/** The open database. */
export class Store {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement>();
  #queue: Pending[] = [];
  #isScheduled = false;
  #published: (() => void)[] = [];
  /** What the last failed commit met, until a write works again. */
  #trouble: string | undefined;
  #epochDue = 0;
  /** Each statement for itself, on what is committed. */
  readonly read: Reader;
  readonly #tx: Tx;

  private constructor(
    db: Database,
    private readonly held: HeldFile,
    readonly clock: Clock,
    private readonly log: StoreOptions["log"],
  ) {
    this.#db = db;
    const get = (sql: string, ...values: Value[]) => this.#all(sql, values)[0];
    const all = (sql: string, ...values: Value[]) => this.#all(sql, values);
    const run = (sql: string, ...values: Value[]) => Number(this.#prepare(sql).run(...checked(values)).changes);
    this.read = { get, all };
    this.#tx = { get, all, run, publish: (schema, event) => this.#publish(schema, toBinary(schema, withoutPrivate(schema, event)), keyOf(schema, event)) };
  }

  /** Opens the file and brings its tables up to date. Throws `StartError` when another process has it open. */
  static open({ file, migrations, clock = systemClock, log }: StoreOptions): Store {
    const path = resolve(file);
    let held: HeldFile;
    try {
      held = new HeldFile(path, (message) => log?.warn(message));
    } catch (error) {
      if (error instanceof HeldElsewhere) throw new StartError(`${path} is open in another process`);
      throw new StartError(`${path}: ${(error as Error).message}`, { cause: error });
    }
    const db = new DatabaseSync(path);
    try {
      db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      db.exec("PRAGMA journal_mode = WAL");
      // Each COMMIT is on disk before it returns.
      db.exec("PRAGMA synchronous = FULL");
      db.exec("PRAGMA foreign_keys = ON");
      migrate(db, migrations, clock.now());
      db.exec(RAISE_EPOCH);
      held.check();
    } catch (error) {
      giveUp(db, held);
      throw new StartError(`${path}: ${(error as Error).message}`, { cause: error });
    }
    return new Store(db, held, clock, log);
  }

  /** Throws when the database does not take writes, and names the file; for `Service.ready`. */
  async ping(): Promise<void> {
    this.held.check();
    if (this.#trouble === undefined) return;
    const trouble = this.#trouble;
    // Only a write that needs new disk space can show whether writes work again.
    for (const reserve of [randomBytes(PROBE_BYTES), null]) {
      await this.write((tx) => tx.run("UPDATE souk_shop SET reserve = ?", reserve)).catch(() => {
        throw new Error(trouble);
      });
    }
    this.#trouble = undefined;
  }

  /**
   * Runs `work` in a transaction and returns its result when that is durable. `work` is synchronous and free of other effects.
   * Those that are called at the same time share one COMMIT; one that throws is undone alone.
   */
  write<T>(work: (tx: Tx) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let settle: (failure?: Error) => void = reject;
      const run = () => {
        this.#db.exec("SAVEPOINT one");
        try {
          const result = work(this.#tx);
          if (result instanceof Promise) throw new Error("a write may only await its own statements");
          this.#db.exec("RELEASE one");
          settle = (failure) => (failure === undefined ? resolve(result) : reject(failure));
        } catch (error) {
          // When SQLite itself has ended the transaction, as on a full disk, the whole group fails.
          if (!this.#db.isTransaction) throw error;
          this.#db.exec("ROLLBACK TO one");
          this.#db.exec("RELEASE one");
          settle = (failure) => reject(failure ?? (error as Error));
        }
      };
      // What it is for (caller, trace) is known to the closure, which runs later.
      const context = Context.current();
      this.#queue.push({ run: context === undefined ? run : () => context.run(run), settle: (failure) => settle(failure) });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      setImmediate(() => this.#commit());
    });
  }

  /** Returns when something was put into the outbox, or the pause is over. */
  async published(pauseMs: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#published.push(wake);
    signal.addEventListener("abort", wake, { once: true });
    await systemClock.sleep(signal.aborted ? 0 : pauseMs, woken.signal);
    signal.removeEventListener("abort", wake);
    this.#published = this.#published.filter((one) => one !== wake);
  }

  /** Returns the worker that forgets old requests and events. */
  purge(): Worker {
    const run = async (drain: AbortSignal) => {
      while (!drain.aborted) {
        const now = this.clock.now().getTime();
        await this.write((tx) => {
          tx.run("DELETE FROM souk_requests WHERE created_time < ?", now - KEEP_REQUESTS_MS);
          tx.run("DELETE FROM souk_inbox WHERE handled_time < ?", now - KEEP_INBOX_MS);
        });
        await this.clock.sleep(PURGE_EVERY_MS, drain);
      }
    };
    return { name: "purge", run };
  }

  /** Waits for the writes that were begun, and closes the file. */
  async close(): Promise<void> {
    if (!this.#db.isOpen) return;
    await this.write(() => undefined).catch(() => undefined);
    this.#statements.clear();
    giveUp(this.#db, this.held);
  }

  #publish(schema: DescMessage, payload: Uint8Array, key: string): string {
    const now = this.clock.now();
    const id = newId("event", now);
    const sql = "INSERT INTO souk_outbox (event_id, kind, key, payload, created_time, traceparent) VALUES (?, ?, ?, ?, ?, ?)";
    this.#tx.run(sql, id, schema.typeName, key, payload, now.getTime(), Context.current()?.trace.traceparent ?? null);
    return id;
  }

  #commit(): void {
    const group = this.#queue.splice(0, MOST_IN_GROUP);
    this.#isScheduled = this.#queue.length > 0;
    if (this.#isScheduled) setImmediate(() => this.#commit());
    let failure: Error | undefined;
    try {
      this.held.check();
      this.#db.exec("BEGIN IMMEDIATE");
      for (const { run } of group) run();
      this.#raiseEpoch();
      this.#db.exec("COMMIT");
      // Nothing is acknowledged that was written into a file without a name.
      this.held.checkCommitted();
    } catch (error) {
      // A full disk, say: nothing of the group was written.
      failure = unavailable(error as Error);
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.#failed(error as Error);
    }
    for (const { settle } of group) settle(failure);
    for (const wake of this.#published.splice(0)) wake();
  }

  #raiseEpoch(): void {
    const now = performance.now();
    if (now < this.#epochDue) return;
    this.#epochDue = now + EPOCH_EVERY_MS;
    this.#db.exec(RAISE_EPOCH);
  }

  #failed(error: Error): void {
    const trouble = `${this.held.path} takes no writes: ${error.message}`;
    if (trouble !== this.#trouble) this.log?.error(trouble);
    this.#trouble = trouble;
  }

  #all(sql: string, values: Value[]): Row[] {
    return this.#prepare(sql).all(...checked(values)) as Row[];
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

/** The library would cut a text at its first NUL without a word. The contract lets none in. */
function checked(values: Value[]): Value[] {
  if (values.some((value) => typeof value === "string" && value.includes("\0"))) throw new Error("a text with a NUL cannot be stored");
  return values;
}

/** Closes a file. The library finalises statements when they are collected, so what the log holds is copied back here. */
function giveUp(db: Database, held: HeldFile): void {
  try {
    db.exec("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // The next start reads the log.
  } finally {
    db.close();
    held.close();
  }
}

function unavailable(error: Error): Refusal {
  const options = { cause: error };
  if (/full/i.test(error.message)) return refuse(Reason.DATABASE_FULL, "the service's disk is full", {}, options);
  const text = error instanceof LostError ? "the service's database file was deleted, replaced or cut off" : "the service cannot reach its database";
  return refuse(Reason.DATABASE_UNAVAILABLE, text, {}, options);
}
