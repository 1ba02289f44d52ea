/**
 * The embedded mailbox: e-mail as files in a folder that a browser opens, `data_dir/mailbox/index.html`.
 *
 * A file is named after the key of its delivery, so that a repeat overwrites it. The .eml is on disk before the delivery is
 * recorded; the pages are made from it for people, and may lag. Only the owner of the process may read any of it.
 */
import { chmod, mkdir, open, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Mail } from "./template.js";

/** One e-mail as it is kept. */
export interface Kept {
  key: string;
  to: string;
  time: Date;
  mail: Mail;
  /** The whole message as RFC 5322 writes it. */
  raw: Buffer;
}

interface Entry {
  key: string;
  to: string;
  subject: string;
  time: string;
}

const MOST_IN_INDEX = 500;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const KEY = /^[A-Za-z0-9_-]{1,80}$/;

/** The folder. Only one process writes to it. */
export class Mailbox {
  readonly #folder: string;
  #entries: Map<string, Entry> | undefined;
  #indexing: Promise<void> | undefined;
  #isStale = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The page to open. */
  get index(): string {
    return join(this.#folder, "index.html");
  }

  /** Keeps an e-mail. When this returns it is on disk for good. */
  async keep(kept: Kept): Promise<void> {
    // The key becomes a file's name: nothing but our own keys may.
    if (!KEY.test(kept.key)) throw new Error("the key of an e-mail is not a file name");
    const entries = await this.#known();
    await this.#write(`${kept.key}.eml`, kept.raw, { isDurable: true });
    await this.#write(`${kept.key}.html`, viewPage(kept));
    const entry = { key: kept.key, to: kept.to, subject: kept.mail.subject, time: kept.time.toISOString() };
    await this.#write(`${kept.key}.json`, JSON.stringify(entry));
    entries.set(kept.key, entry);
    this.#isStale = true;
    this.#indexing ??= this.#index().finally(() => (this.#indexing = undefined));
  }

  /** Waits until the index shows everything that was kept. */
  async flush(): Promise<void> {
    while (this.#indexing !== undefined) await this.#indexing;
  }

  /** One write of the index at a time; what comes meanwhile is in the next one. */
  async #index(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      const newest = [...(this.#entries ?? new Map<string, Entry>()).values()]
        .sort((a, b) => b.time.localeCompare(a.time) || b.key.localeCompare(a.key))
        .slice(0, MOST_IN_INDEX);
      await this.#write("index.html", indexPage(newest, this.#entries?.size ?? 0));
    }
  }

  async #known(): Promise<Map<string, Entry>> {
    if (this.#entries !== undefined) return this.#entries;
    await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
    // An older one may be world-readable, and so may its content.
    await chmod(this.#folder, FOLDER_MODE);
    const entries = new Map<string, Entry>();
    for (const name of await readdir(this.#folder)) {
      await chmod(join(this.#folder, name), FILE_MODE);
      if (!name.endsWith(".json")) continue;
      try {
        const entry = JSON.parse(await readFile(join(this.#folder, name), "utf8")) as Entry;
        entries.set(entry.key, entry);
      } catch {
        // An incomplete file of another program; the mailbox does not depend on it.
      }
    }
    this.#entries ??= entries;
    return this.#entries;
  }

  /** A reader sees the old file or the new one and never half of one. */
  async #write(name: string, content: string | Buffer, options = { isDurable: false }): Promise<void> {
    const path = join(this.#folder, name);
    const temporary = `${path}.part`;
    await writeFile(temporary, content, { flush: options.isDurable, mode: FILE_MODE });
    await rename(temporary, path);
    if (!options.isDurable) return;
    const folder = await open(this.#folder, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

const STYLE =
  "body{margin:2rem auto;max-width:60rem;padding:0 1rem;font:16px/1.5 system-ui,sans-serif;color:#222}" +
  "table{width:100%;border-collapse:collapse}td,th{padding:.4rem;border-bottom:1px solid #ddd;text-align:left}" +
  "iframe{width:100%;height:40rem;border:1px solid #ddd}pre{white-space:pre-wrap;background:#f4f4f2;padding:1rem}";
// No script runs and nothing is fetched, whatever a message contains.
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'";

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escape(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

function indexPage(entries: Entry[], count: number): string {
  const rows = entries.map(
    ({ key, to, subject, time }) =>
      `<tr><td>${escape(time.slice(0, 19).replace("T", " "))}</td><td>${escape(to)}</td><td><a href="${key}.html">${escape(subject)}</a></td></tr>`,
  );
  const shown = count > entries.length ? ` The newest ${entries.length} of ${count} are shown.` : "";
  return page(
    "Mailbox",
    `<h1>Mailbox</h1>
<p>What the shop would have sent by e-mail, newest first; times in UTC.${shown}</p>
<table>
<tr><th>Time</th><th>To</th><th>Subject</th></tr>
${rows.join("\n")}
</table>`,
  );
}

function viewPage({ key, to, time, mail }: Kept): string {
  return page(
    mail.subject,
    `<p><a href="index.html">Mailbox</a></p>
<h1>${escape(mail.subject)}</h1>
<p>To ${escape(to)}, ${escape(time.toISOString())}, <a href="${key}.eml">the whole message</a></p>
<iframe sandbox="" title="The message" srcdoc="${escape(mail.html)}"></iframe>
<h2>As plain text</h2>
<pre>${escape(mail.text)}</pre>`,
  );
}

function escape(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
