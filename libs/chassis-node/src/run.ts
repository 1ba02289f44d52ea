/** The life of a service's own program, from its arguments to its exit code. */
import type { Definition } from "./definition.js";
import { withCauses } from "./error.js";
import { start, type Running } from "./running.js";
import { ConfigError } from "./start_error.js";

const EXIT_CONFIGURATION = 64;

/**
 * Runs a service until SIGTERM or SIGINT: configure, telemetry, build (migrate), bind, serve, drain, exit.
 *
 * The only argument is `--config FILE`. The exit code is 0 after a clean drain, 64 for a wrong setting or argument, and 1 for
 * everything else, with one line on stderr that says what was wrong.
 */
export async function main<C>(definition: Definition<C>, args = process.argv.slice(2)): Promise<never> {
  const [option, file, more] = args;
  if (option === "--help" || option === "-h") {
    process.stdout.write(help(definition.name));
    process.exit(0);
  }
  const isConfig = option === "--config" && file !== undefined && more === undefined;
  if (option !== undefined && !isConfig) return fail(definition.name, new ConfigError(`${args.join(" ")}: the only argument is --config FILE`));
  // Signals that come during the start count too.
  const stop = stopSignal();
  try {
    const running = await start(definition, { file, environment: process.env });
    guard(running);
    running.log.info(`${await stop}: draining`);
    await running.drain();
    process.exit(0);
  } catch (error) {
    return fail(definition.name, error);
  }
}

/** An unhandled rejection has no consequences; after an uncaught exception the state is unknown, so the process ends in good order. */
function guard(running: Running): void {
  process.on("unhandledRejection", (error) => {
    running.metrics.unhandled.inc();
    running.log.error(`unhandled promise rejection: ${withCauses(error)}`);
  });
  process.on("uncaughtException", (error) => {
    running.log.error(`uncaught exception, the process stops: ${withCauses(error)}`);
    process.removeAllListeners("uncaughtException");
    void running.drain().finally(() => process.exit(1));
  });
}

function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
}

function fail(name: string, error: unknown): never {
  process.stderr.write(`${name}: ${withCauses(error).split(/\s+/).join(" ")}\n`);
  process.exit(error instanceof ConfigError ? EXIT_CONFIGURATION : 1);
}

function help(name: string): string {
  return `${name} [--config FILE]\n\nServes ${name} until SIGTERM. Settings come from its defaults, FILE and ${name.toUpperCase()}__SECTION__KEY.\n`;
}
