/**
 * Souk's contract in TypeScript.
 *
 * Messages and services are generated, a module for each proto file: `@souk/client/gen/souk/orders/v1/order_service_pb.js`.
 * This module has what calls need in addition: {@link connect}, {@link SoukError}, {@link pages} and {@link watch}; and
 * {@link money} as text.
 */
export { connect, type Connection, type ConnectOptions } from "./connect.js";
export { customerOf, developmentToken, DEVELOPMENT_KEY } from "./identity.js";
export { Retry } from "./gen/souk/policy/v1/reason_pb.js";
export { asGrpcNames, SoukError, type FieldViolation } from "./error.js";
export * as money from "./money.js";
export { items, pages } from "./pages.js";
export { pauseAfter } from "./retry.js";
export { policyOf, type CallPolicy } from "./policy.js";
export { watch, type WatchOptions } from "./watch.js";
