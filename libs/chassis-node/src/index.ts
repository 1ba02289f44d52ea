/**
 * The runtime of a Node.js service of Souk: life cycle, configuration, what every request passes, calls to upstreams, telemetry, a
 * small durable store, and events in and out. It knows no business.
 *
 * Start reading at `definition.ts` (what a service is), `incoming.ts` (what every request passes), `channel.ts` (what every call
 * passes) and `running.ts` (how it all runs).
 */
export { Caller } from "./caller.js";
export { systemClock, type Clock } from "./clock.js";
export { loadConfig } from "./config.js";
export { Context } from "./context.js";
export { Deadline } from "./deadline.js";
export { define, type Definition } from "./definition.js";
export { Code, Poison, Refusal, detail, refusals, type Detail, type Facts, type Refuse, type RefusalOptions } from "./error.js";
export { isFirst, on, onAny, subscription, type EventHandler, type Handler } from "./events.js";
export * from "@souk/client/gen/google/rpc/error_details_pb.js";
export type { Host } from "./host.js";
export { newId } from "./id.js";
export type { Finding, Report } from "./invariants.js";
export { DEVELOPMENT_KEY, developmentToken } from "./identity.js";
export type { Logger } from "./log.js";
export { pageOf, type Page } from "./page.js";
export type { Criticality } from "./policy.js";
export { domainOf, type ReasonPolicy } from "./reason.js";
export { redacted } from "./redact.js";
export { invalidField, invalidPageToken, refuse, type FieldViolation } from "./refusal.js";
export { writeOnce } from "./requests.js";
export { main } from "./run.js";
export { start, type Running, type StartOptions } from "./running.js";
export { Service, type Delivery, type Implementation, type Subscription } from "./service.js";
export { ConfigError, StartError } from "./start_error.js";
export { Store, type Reader, type Row, type StoreOptions, type Tx, type Value } from "./store.js";
export { Tokens } from "./token.js";
export { validate } from "./validate.js";
export type { Worker } from "./worker.js";
