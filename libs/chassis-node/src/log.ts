/** Log lines on stderr, as text for people or JSON for collectors, with the same fields as those of the Rust services. */
import { pino, type DestinationStream, type Logger } from "pino";

export type { Logger } from "pino";

/** Where lines go and which are written. */
export interface LogOptions {
  format: "text" | "json";
  /** `info`, or finer by name: `info,relay=debug`. */
  level: string;
  /** Gets every line; stderr unless it is set. */
  write?: ((line: string) => void) | undefined;
}

/** Returns the logger of a process. Its `child({ target })` obeys the level that is set for the target. */
export function logger({ format, level, write }: LogOptions): Logger {
  const [standard = "info", ...finer] = level.split(",");
  const levels = new Map(finer.map((one) => one.split("=") as [string, string]));
  const toStderr = pino.destination({ dest: 2, sync: true });
  const out = write ?? ((line: string) => void toStderr.write(line));
  const destination: DestinationStream = { write: (line) => out(format === "json" ? line : asText(line)) };
  return pino(
    {
      base: null,
      level: standard,
      messageKey: "message",
      timestamp: () => `,"timestamp":"${now()}"`,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
      serializers: { error: (error: unknown) => (error instanceof Error ? error.message : error) },
      onChild: (child) => {
        const own = levels.get(String(child.bindings()["target"]));
        if (own !== undefined) child.level = own;
      },
    },
    destination,
  );
}

/** Returns the present time in RFC 3339 with microseconds. */
function now(): string {
  const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  const text = new Date(Math.floor(micros / 1000)).toISOString();
  return `${text.slice(0, -1)}${String(micros % 1000).padStart(3, "0")}Z`;
}

/** `2026-11-22T21:00:00.123456Z  INFO request souk.x.v1.XService/Do rpc.code=OK …` */
function asText(line: string): string {
  const { timestamp, level, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
  let text = `${String(timestamp)} ${String(level).padStart(5)} ${escape(String(message ?? ""))}`;
  for (const [name, value] of Object.entries(fields)) {
    if (name === "rpc.method") text += ` ${escape(String(value))}`;
    else if (name === "error") text += ` error="${escape(String(value))}"`;
    // Milliseconds as the Rust services write them: three decimals, always.
    else if (name === "rpc.duration_ms") text += ` ${name}=${Number(value).toFixed(3)}`;
    else text += ` ${name}=${escape(typeof value === "string" ? value : JSON.stringify(value))}`;
  }
  return `${text}\n`;
}

/** Keeps a text from starting a line of its own. */
function escape(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/["\\\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (found) => {
    const known = JSON.stringify(found).slice(1, -1);
    return known === found ? `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}` : known;
  });
}
