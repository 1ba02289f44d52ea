/** What the contract says of a method: access, criticality, timeout, safety to repeat. Read from the descriptors. */
import { getOption, type DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { Caller as Kind, Criticality as Wire, method as policyOption } from "@souk/client/gen/souk/policy/v1/policy_pb.js";

import type { CallerKind, Identity } from "./caller.js";
import { domainOf } from "./reason.js";

/** How much is lost when a call is refused, as it travels in the header `souk-criticality`. */
export type Criticality = "sheddable" | "sheddable_plus" | "critical" | "critical_plus";

const CRITICALITIES: Partial<Record<Wire, Criticality>> = {
  [Wire.CRITICAL_PLUS]: "critical_plus",
  [Wire.CRITICAL]: "critical",
  [Wire.SHEDDABLE_PLUS]: "sheddable_plus",
  [Wire.SHEDDABLE]: "sheddable",
};

/** The scope of a token that has every scope. */
export const EVERY_SCOPE = "*";

/** What admits a caller to a method: its kind, and scopes that its token must have. */
export interface Grant {
  /** The kind of caller; `PUBLIC` admits every kind. */
  caller: Kind;
  /** All of them. */
  scopes: readonly string[];
  /** Whether a user must have signed in. */
  excludesGuests: boolean;
}

/** The policy of one method. */
export interface Policy {
  /** Who may call: every caller that one of these admits; never empty. */
  grants: readonly Grant[];
  /** The field of the request that says whose things a user reaches, by its path; empty when no user may call. */
  own: string;
  criticality: Criticality;
  /** Infinity for a method that streams its answers and names no timeout. */
  timeoutMs: number;
  isRepeatable: boolean;
  isStreaming: boolean;
  /** The domain of the method's own reasons, its package without the version: `souk.orders`. */
  domain: string;
  /** The reasons of its own package that the method can fail with. */
  reasons: ReadonlySet<string>;
}

export { Kind };

/** The kinds of callers as the contract names them. */
export const KINDS: Record<CallerKind, Kind> = {
  anonymous: Kind.PUBLIC,
  user: Kind.USER,
  guest: Kind.USER,
  service: Kind.SERVICE,
  staff: Kind.STAFF,
};

/** Why a method does not admit a caller: no grant is for its kind, or none for a guest, or its token lacks these scopes. */
export type NotAdmitted = "kind" | "guest" | readonly string[];

/** Returns why a caller is not admitted; undefined when it is. Of several grants to its kind the first says why. */
export function notAdmitted({ grants }: Policy, { caller, scopes }: Identity): NotAdmitted | undefined {
  const has = (scope: string) => scopes.includes(scope) || scopes.includes(EVERY_SCOPE);
  let first: NotAdmitted | undefined;
  for (const grant of grants) {
    if (grant.caller !== Kind.PUBLIC && grant.caller !== KINDS[caller.kind]) continue;
    const lacking = grant.scopes.filter((scope) => !has(scope));
    const isExcluded = grant.excludesGuests && caller.kind === "guest";
    if (!isExcluded && lacking.length === 0) return undefined;
    first ??= isExcluded ? "guest" : lacking;
  }
  return first ?? "kind";
}

/** Returns `souk.orders.v1.OrderService/PlaceOrder`. */
export function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** Reads the policy of a method; undefined when the contract gives it none. */
export function policyOf(method: DescMethod): Policy | undefined {
  const { grants, own, criticality, timeout, reasons } = getOption(method, policyOption);
  if (grants.length === 0) return undefined;
  return {
    grants,
    own,
    criticality: CRITICALITIES[criticality] ?? "critical",
    timeoutMs: timeout === undefined ? Infinity : Number(timeout.seconds) * 1000 + timeout.nanos / 1e6,
    isRepeatable: method.idempotency === Level.IDEMPOTENT || method.idempotency === Level.NO_SIDE_EFFECTS,
    isStreaming: method.methodKind !== "unary",
    domain: domainOf(method.parent.file),
    reasons: new Set(reasons),
  };
}

/** Returns the policy of health and reflection: standards of others carry none. */
export function openPolicy(method: DescMethod): Policy {
  const isStreaming = method.methodKind !== "unary";
  return {
    grants: [{ caller: Kind.PUBLIC, scopes: [], excludesGuests: false }],
    own: "",
    criticality: "critical_plus",
    timeoutMs: isStreaming ? Infinity : 5000,
    isRepeatable: false,
    isStreaming,
    domain: domainOf(method.parent.file),
    reasons: new Set(),
  };
}

/** Returns the criticality of this name, if there is one. */
export function criticalityNamed(name: string | undefined): Criticality | undefined {
  return Object.values(CRITICALITIES).find((one) => one === name);
}
