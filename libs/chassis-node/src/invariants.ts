/** What a service checks of its own records, and souk.ops.v1.InvariantService, which every process serves. */
import { InvariantService } from "@souk/client/gen/souk/ops/v1/invariant_service_pb.js";

import { invalidField } from "./refusal.js";
import type { Service } from "./service.js";
import { StartError } from "./start_error.js";

/** One invariant that does not hold. */
export interface Finding {
  /** The id of the invariant: words that never change. */
  invariant: string;
  /** What violates it, such as the id of an order. */
  subject: string;
  /** What was found, with the numbers. */
  detail: string;
}

/** What a check found, at most 1,000 findings, and how much there was of everything, so that "no finding" cannot mean "nothing was read". */
export interface Report {
  findings: readonly Finding[];
  counts: readonly { what: string; count: bigint }[];
}

/** Reads the records of a service, on one state of them. */
export type Check = () => Report | Promise<Report>;

/** Serves the check of a service. Throws `StartError` when it has methods and no check. */
export function addInvariants(name: string, service: Service): void {
  const { check } = service;
  if (check === undefined) {
    if (service.rpcs.length > 0) throw new StartError(`${name} says nothing of its invariants (Service.invariants)`);
    return;
  }
  service.rpc(InvariantService, {
    checkInvariants: async ({ service: asked }) => {
      if (asked !== "" && asked !== name) {
        const description = `must be one of ${name}, not ${JSON.stringify(asked)}`;
        throw invalidField("souk.ops", description, [{ field: "service", description }]);
      }
      const { findings, counts } = await check();
      return { reports: [{ service: name, findings: [...findings], counts: [...counts] }] };
    },
  });
}
