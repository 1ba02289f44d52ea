/** What the contract says of a reason: its code, its domain and the keys of its facts. Read from the descriptors. */
import { getOption, hasOption, type DescEnum, type DescEnumValue, type DescFile } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { reason as policyOption } from "@souk/client/gen/souk/policy/v1/reason_pb.js";

/** The policy of one reason. */
export interface ReasonPolicy {
  /** The full name of the value: `ERROR_REASON_OUT_OF_STOCK`. */
  name: string;
  /** The package that defines it, without its version: `souk.inventory`. */
  domain: string;
  code: Code;
  /** The keys that ErrorInfo always has in its metadata. */
  metadata: readonly string[];
  /** The keys that it has when they are known or apply. */
  optionalMetadata: readonly string[];
}

/** Returns the policies of an `ErrorReason` by number. Throws when the contract gives one none. */
export function reasonsOf(reasons: DescEnum): ReadonlyMap<number, ReasonPolicy> {
  // The value 0 is never sent.
  return new Map(reasons.values.filter(({ number }) => number !== 0).map((value) => [value.number, policyOf(value)]));
}

/** Returns the domain of a package's errors: the package without its version, so that it stays the same in the next version. */
export function domainOf({ proto }: DescFile): string {
  return proto.package.replace(/\.v[^.]*$/, "");
}

function policyOf(value: DescEnumValue): ReasonPolicy {
  const { name, parent } = value;
  if (!hasOption(value, policyOption)) throw new Error(`${parent.typeName}: ${name} has no souk.policy.v1.reason in its contract`);
  const { code, metadata, optionalMetadata } = getOption(value, policyOption);
  // The codes of google.rpc.Code are those of gRPC.
  return { name, domain: domainOf(parent.file), code: code as number as Code, metadata, optionalMetadata };
}

/** Returns whether the facts of an error are those that the contract promises. */
export function hasItsKeys({ metadata, optionalMetadata }: ReasonPolicy, facts: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(facts);
  return metadata.every((key) => keys.includes(key)) && keys.every((key) => metadata.includes(key) || optionalMetadata.includes(key));
}
