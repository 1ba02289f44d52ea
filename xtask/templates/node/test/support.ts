/** The service beside a bus, and short ways to call it. */
import { Bus, startFor, type Ending } from "@souk/chassis/testing";
import { {{Name}}Service } from "@souk/client/gen/souk/{{package}}/v1/{{package}}_service_pb.js";
import { InvariantService } from "@souk/client/gen/souk/ops/v1/invariant_service_pb.js";
import { createClient, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@souk/chassis";

import { definition } from "../src/service.js";

/** Starts the service; it ends with its test. */
export async function running(t: Ending, { set = {}, ...more }: { set?: Record<string, number>; dataDir?: string } = {}) {
  const bus = await Bus.start(t);
  const service = await startFor(t, definition, { ...more, set: { "upstreams.events": bus.address, ...set } });
  const client = (caller: string) => createClient({{Name}}Service, service.as(caller));
  const record = (requestId: string, text: string, caller = "user:alice", customerId = "") => client(caller).recordEntry({ requestId, text, customerId });
  const recent = async (caller = "user:alice", maxEntries = 0) => {
    const { entries } = await client(caller).listRecentEntries({ maxEntries });
    return entries.map(({ text }) => text);
  };
  const findings = async () => {
    const { reports } = await createClient(InvariantService, service.as("staff:ann")).checkInvariants({});
    return reports.flatMap((report) => report.findings);
  };
  return { bus, record, recent, findings, stop: service.stop };
}

/** Returns how a call was refused. */
export async function refused(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => ConnectError.from(thrown),
  );
  if (error === undefined) throw new Error("the call was not refused");
  const fields = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field));
  return { code: error.code, info: error.findDetails(ErrorInfoSchema)[0], fields };
}
