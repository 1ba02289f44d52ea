/** The table of everything that a process serves, made once at the start. */
import type { DescMethod } from "@bufbuild/protobuf";

import { maxRequestBytes } from "./bounds.js";
import { shapeOf, type Shape } from "./counts.js";
import { ownedOf } from "./owned.js";
import { nameOf, openPolicy, policyOf, type Policy } from "./policy.js";
import type { Service } from "./service.js";
import { StartError } from "./start_error.js";

/** The code of a method, of whatever shape. */
export type Code = (request: never, context: never) => unknown;

/** One method that is served. */
export interface Served {
  desc: DescMethod;
  /** `souk.orders.v1.OrderService/PlaceOrder` */
  name: string;
  policy: Policy;
  /** Undefined when the service has none: it is UNIMPLEMENTED. */
  code: Code | undefined;
  /** The largest message of a request that is read. */
  maxRequestBytes: number;
  /** What is counted in a request before it is decoded. */
  shape: Shape | undefined;
  /** Health and reflection. */
  isBackground: boolean;
}

/** The protos of health and reflection are those of others and bound nothing. */
const BACKGROUND_BYTES = 4096;

/** Makes the table, by path: the service's own methods, and what every process offers. Throws when one has no policy. */
export function methodTable(service: Service, builtin: Service, maxMessageBytes: number): Map<string, Served> {
  const table = new Map<string, Served>();
  for (const [isBackground, rpcs] of [[false, service.rpcs] as const, [true, builtin.rpcs] as const]) {
    for (const rpc of rpcs) {
      for (const desc of rpc.service.methods) {
        const name = nameOf(desc);
        const policy = isBackground ? openPolicy(desc) : policyOf(desc);
        if (policy === undefined) throw new StartError(`${name} has no souk.policy.v1.method in its contract`);
        ownedOf(desc);
        if (table.has(`/${name}`)) throw new StartError(`${name} is registered twice`);
        table.set(`/${name}`, {
          desc,
          name,
          policy,
          code: rpc.methods.get(desc) as Code | undefined,
          maxRequestBytes: Math.min(maxMessageBytes, isBackground ? BACKGROUND_BYTES : maxRequestBytes(desc.input)),
          shape: isBackground ? undefined : shapeOf(desc.input),
          isBackground,
        });
      }
    }
  }
  return table;
}
