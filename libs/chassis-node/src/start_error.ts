/** Why a process does not start. */

/** A setting is not allowed: its name, its value and what is allowed. The process exits with 64. */
export class ConfigError extends Error {}

/** A process did not start, or did not stop cleanly; the message is one line. The process exits with 1. */
export class StartError extends Error {}
