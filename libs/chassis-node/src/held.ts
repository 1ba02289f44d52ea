/**
 * A database's own file: locked by this process, readable by this user only, and watched. What is deleted, replaced or cut
 * off under a running process is noticed at the next commit.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, constants, existsSync, mkdirSync, openSync, readSync, statSync, fstatSync, type BigIntStats } from "node:fs";
import { dirname } from "node:path";

const STICKY = 0o1000;
/** Of macOS and the BSDs, where opening locks as flock does: O_EXLOCK and O_NONBLOCK. */
const OPEN_LOCKED = 0x20 | 0x4;

/** What this process holds. One of these must not even be opened a second time: closing it again would drop SQLite's locks. */
const held = new Set<string>();

/** The path no longer leads to the file that this process writes to. */
export class LostError extends Error {}

/** Another process holds the file. */
export class HeldElsewhere extends Error {}

/**
 * Holds a file, made if there is none, until it is closed, which is after the last connection to it. The lock is flock's, on
 * the file itself: another kind than SQLite's own, which other programs go on sharing.
 */
export class HeldFile {
  readonly #descriptor: number;
  readonly #identity: string;
  #log: string | undefined;
  #size = 0n;

  constructor(
    readonly path: string,
    warn: (message: string) => void,
  ) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (existsSync(path) && held.has(identityOf(statSync(path, { bigint: true })))) throw new HeldElsewhere(path);
    this.#descriptor = openLocked(path);
    this.#identity = identityOf(fstatSync(this.#descriptor, { bigint: true }));
    held.add(this.#identity);
    tighten(path, warn);
  }

  /** Throws `LostError` when the database or its log is not where it was. */
  check(): void {
    const size = same(this.path, this.#identity).size;
    if (size < this.#size && !this.#isWhole(size)) throw new LostError(`${this.path} was emptied or cut off`);
    this.#size = size;
    if (this.#log !== undefined) same(`${this.path}-wal`, this.#log);
  }

  /** Like `check`, after a commit, which is in the log. */
  checkCommitted(): void {
    this.check();
    this.#log ??= identityOf(stat(`${this.path}-wal`));
  }

  /** Lets others have the file. */
  close(): void {
    held.delete(this.#identity);
    closeSync(this.#descriptor);
  }

  /** Returns whether the file holds all pages that its header counts. */
  #isWhole(size: bigint): boolean {
    const header = Buffer.alloc(32);
    if (readSync(this.#descriptor, header, 0, 32, 0) < 32) return false;
    const page = header.readUInt16BE(16);
    return BigInt(header.readUInt32BE(28)) * BigInt(page === 1 ? 65_536 : page) <= size;
  }
}

/** Opens a file and locks it. Node.js has no flock, so the program of that name locks the open file that it is given. */
function openLocked(path: string): number {
  const flags = constants.O_RDWR | constants.O_CREAT;
  if (process.platform !== "linux") {
    try {
      return openSync(path, flags | OPEN_LOCKED, 0o600);
    } catch (error) {
      if (["EAGAIN", "EWOULDBLOCK"].includes((error as NodeJS.ErrnoException).code ?? "")) throw new HeldElsewhere(path);
      throw error;
    }
  }
  const descriptor = openSync(path, flags, 0o600);
  const { status, error } = spawnSync("flock", ["-x", "-n", "3"], { stdio: ["ignore", "ignore", "ignore", descriptor] });
  if (status === 0) return descriptor;
  closeSync(descriptor);
  if (error === undefined) throw new HeldElsewhere(path);
  throw new Error(`it cannot be locked: the program flock, of util-linux, is needed (${error.message})`);
}

function stat(path: string): BigIntStats {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) throw new LostError(`${path} is gone`);
  return found;
}

function same(path: string, known: string): BigIntStats {
  const found = stat(path);
  if (identityOf(found) !== known) throw new LostError(`${path} was replaced by another file`);
  return found;
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** Takes from others what an older version of this program let them read. */
function tighten(path: string, warn: (message: string) => void): void {
  const folder = dirname(path);
  const wanted: [string, number][] = [path, `${path}-wal`, `${path}-shm`].map((file) => [file, 0o600]);
  // A world-writable folder, such as /tmp, is not ours.
  if ((statSync(folder).mode & STICKY) === 0) wanted.push([folder, 0o700]);
  for (const [file, mode] of wanted) {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined || (found.mode & 0o077) === 0) continue;
    try {
      chmodSync(file, mode);
      warn(`${file} could be read by others; now only by this user (${mode.toString(8)})`);
    } catch (error) {
      warn(`${file} can be read by others, and its mode cannot be changed: ${(error as Error).message}`);
    }
  }
}
