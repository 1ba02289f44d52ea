/** When a call is tried again (gRFC A6): only where the contract allows, only on UNAVAILABLE, and never beyond the deadline. */
import { Code, ConnectError } from "@connectrpc/connect";

import type { Deadline } from "./deadline.js";
import { RetryInfoSchema } from "@souk/client/gen/google/rpc/error_details_pb.js";

const MAX_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 25;

/** Returns how many milliseconds to wait before the next attempt; undefined when this failure is the last. `attempts` were made. */
export function pauseAfter(error: unknown, attempts: number, deadline: Deadline): number | undefined {
  if (!(error instanceof ConnectError) || error.code !== Code.Unavailable || attempts >= MAX_ATTEMPTS) return undefined;
  const pause = pushback(error) ?? FIRST_PAUSE_MS * 2 ** (attempts - 1) * (0.2 + Math.random() * 0.8);
  // NaN: the server asks for no other attempt. One that could not be answered in time is not worth making.
  return pause < deadline.remaining() ? pause : undefined;
}

/** Reads what the server says about trying again: `grpc-retry-pushback-ms`, else RetryInfo. */
function pushback(error: ConnectError): number | undefined {
  const header = error.metadata.get("grpc-retry-pushback-ms");
  if (header !== null) return /^[0-9]+$/.test(header) ? Number(header) : NaN;
  const [info] = error.findDetails(RetryInfoSchema);
  return info?.retryDelay && Number(info.retryDelay.seconds) * 1000 + info.retryDelay.nanos / 1e6;
}
