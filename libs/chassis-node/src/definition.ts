/** The one value that a service is: its name, its settings and how it is built. */
import type { Host } from "./host.js";
import type { Service } from "./service.js";

/** A service before it runs. */
export interface Definition<C = unknown> {
  /** The noun of the service: `notifications`. Its capitals start its environment variables. */
  name: string;
  /** Its config.default.toml: every setting with its value and a comment. A setting that is not there does not exist. */
  defaultConfig?: URL | string;
  /**
   * Reads the service's own settings; a zod schema does. A zod error or a `ConfigError` that it throws is one line on
   * stderr and exit code 64, before anything is opened.
   */
  config: { parse(settings: Readonly<Record<string, unknown>>): C };
  /** Opens the database (and so migrates it) and assembles the service. It may take channels but not call yet. */
  build(config: C, host: Host): Service | Promise<Service>;
}

/** Returns the definition, with the type of its settings inferred. */
export function define<C>(definition: Definition<C>): Definition<C> {
  return definition;
}
