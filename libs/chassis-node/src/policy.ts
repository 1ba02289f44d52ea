/** What the contract says of a method: access, criticality, timeout, safety to repeat. Read from the descriptors. */
import { getOption, type DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { Caller as Kind, Criticality as Wire, method as policyOption } from "@souk/client/gen/souk/policy/v1/policy_pb.js";

/** How much is lost when a call is refused, as it travels in the header `souk-criticality`. */
export type Criticality = "sheddable" | "sheddable_plus" | "critical" | "critical_plus";

const CRITICALITIES: Partial<Record<Wire, Criticality>> = {
  [Wire.CRITICAL_PLUS]: "critical_plus",
  [Wire.CRITICAL]: "critical",
  [Wire.SHEDDABLE_PLUS]: "sheddable_plus",
  [Wire.SHEDDABLE]: "sheddable",
};

/** The policy of one method. */
export interface Policy {
  callers: ReadonlySet<Kind>;
  /** Which services may call; empty means any. */
  services: readonly string[];
  scopes: readonly string[];
  criticality: Criticality;
  /** Infinity for a method that streams its answers and names no timeout. */
  timeoutMs: number;
  isRepeatable: boolean;
  isStreaming: boolean;
  /** The package of the method, which is the domain of its own reasons: `souk.orders.v1`. */
  package: string;
  /** The reasons of that package that the method can fail with. */
  reasons: ReadonlySet<string>;
}

export { Kind };

/** Returns `souk.orders.v1.OrderService/PlaceOrder`. */
export function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** Reads the policy of a method; undefined when the contract gives it none. */
export function policyOf(method: DescMethod): Policy | undefined {
  const { access, criticality, timeout, reasons } = getOption(method, policyOption);
  if (access === undefined || access.callers.length === 0) return undefined;
  return {
    callers: new Set(access.callers),
    services: access.services,
    scopes: access.scopes,
    criticality: CRITICALITIES[criticality] ?? "critical",
    timeoutMs: timeout === undefined ? Infinity : Number(timeout.seconds) * 1000 + timeout.nanos / 1e6,
    isRepeatable: method.idempotency === Level.IDEMPOTENT || method.idempotency === Level.NO_SIDE_EFFECTS,
    isStreaming: method.methodKind !== "unary",
    package: packageOf(method),
    reasons: new Set(reasons),
  };
}

/** Returns the policy of health and reflection: standards of others carry none. */
export function openPolicy(method: DescMethod): Policy {
  const isStreaming = method.methodKind !== "unary";
  return {
    callers: new Set([Kind.PUBLIC]),
    services: [],
    scopes: [],
    criticality: "critical_plus",
    timeoutMs: isStreaming ? Infinity : 5000,
    isRepeatable: false,
    isStreaming,
    package: packageOf(method),
    reasons: new Set(),
  };
}

function packageOf(method: DescMethod): string {
  return method.parent.file.proto.package;
}

/** Returns the criticality of this name, if there is one. */
export function criticalityNamed(name: string | undefined): Criticality | undefined {
  return Object.values(CRITICALITIES).find((one) => one === name);
}
