/**
 * Seals what must not be read in a copy of the data folder: the secrets of webhook endpoints and codes that were not mailed yet.
 * AES-256-GCM with a random nonce (NIST SP 800-38D); what a sealed text is for is authenticated with it.
 *
 * **Invariant:** the key is never inside the data folder.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { chmodSync, closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";

import { StartError } from "@souk/chassis";

const CIPHER = "aes-256-gcm";
const PREFIX = "sealed:1:";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SETTING = "webhooks.secret_key";

/** Seals and opens with one key. */
export class Sealing {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new Error(`a key of ${KEY_BYTES} bytes is needed`);
    this.#key = key;
  }

  /** Returns a text that only the key opens, and only for the same purpose. */
  seal(text: string, purpose: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(purpose));
    const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return PREFIX + sealed.toString("base64");
  }

  /** Returns what was sealed; undefined when it was sealed with another key, for another purpose, or changed. */
  open(sealed: string, purpose: string): string | undefined {
    if (!isSealed(sealed)) return undefined;
    const bytes = Buffer.from(sealed.slice(PREFIX.length), "base64");
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(purpose));
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    try {
      return decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
    } catch {
      return undefined;
    }
  }

  /** Returns a hash of some texts that cannot be guessed without the key. */
  hash(...parts: string[]): Buffer {
    return createHmac("sha256", this.#key).update(JSON.stringify(parts)).digest();
  }
}

/** Returns whether a text was sealed, with whatever key. */
export function isSealed(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** Where the key comes from; empty texts say nothing. */
export interface KeySettings {
  /** The key itself: 32 bytes in base64. */
  secretKey: string;
  /** The file that holds it. */
  secretKeyFile: string;
}

/** Returns why a text is no key; undefined when it is one. */
export function keyProblem(text: string): string | undefined {
  const isKey = /^[A-Za-z0-9+/]{43}=$/.test(text) && Buffer.from(text, "base64").length === KEY_BYTES;
  return isKey ? undefined : `${KEY_BYTES} bytes in base64, as \`openssl rand -base64 ${KEY_BYTES}\` writes them`;
}

/**
 * Returns the key that the settings name. A file that is not there is made, for its owner alone to read; `made` is called with its path.
 * Throws a StartError when the file cannot be read or made, or lies in the data folder.
 */
export function keyOf({ secretKey, secretKeyFile }: KeySettings, dataDir: string, made: (file: string) => void): Buffer {
  if (secretKey !== "") return Buffer.from(secretKey, "base64");
  const file = resolve(secretKeyFile === "" ? defaultFile() : secretKeyFile);
  const way = relative(resolve(dataDir), file);
  if (way !== ".." && !way.startsWith(`..${sep}`) && resolve(way) !== way) {
    throw new StartError(`${SETTING}_file = ${file}: must lie outside data_dir, which it protects`);
  }
  const text = readFile(file) ?? make(file, made);
  if (keyProblem(text) !== undefined) throw new StartError(`${file} does not hold a key: it must be ${keyProblem(text)}`);
  return Buffer.from(text, "base64");
}

/** A folder for what a program keeps about this user on this machine (XDG Base Directory Specification). */
function defaultFile(): string {
  const state = process.env["XDG_STATE_HOME"];
  return join(state === undefined || state === "" ? join(homedir(), ".local", "state") : state, "souk", "notifications.key");
}

function readFile(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cannot("read", file, error);
  }
}

/** Two processes may start at once: the key is linked into its place whole, and the second process uses the first one's. */
function make(file: string, made: (file: string) => void): string {
  const text = randomBytes(KEY_BYTES).toString("base64");
  const temporary = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const handle = openSync(temporary, "w", 0o600);
    try {
      writeSync(handle, `${text}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    chmodSync(temporary, 0o600);
    try {
      linkSync(temporary, file);
    } finally {
      unlinkSync(temporary);
    }
    syncFolder(dirname(file));
  } catch (error) {
    const first = (error as NodeJS.ErrnoException).code === "EEXIST" ? readFile(file) : undefined;
    if (first === undefined) throw cannot("make", file, error);
    return first;
  }
  made(file);
  return text;
}

/** The key must not be lost by a crash after something was sealed with it. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function cannot(what: "make" | "read", file: string, error: unknown): StartError {
  const code = (error as NodeJS.ErrnoException).code ?? "it failed";
  const otherwise = "NOTIFICATIONS__WEBHOOKS__SECRET_KEY or NOTIFICATIONS__WEBHOOKS__SECRET_KEY_FILE names another";
  return new StartError(`cannot ${what} the key that secrets are sealed with, ${file} (${code}); ${otherwise}`, { cause: error });
}
