/** The one line that every request leaves: what was called, by whom, how it ended, how long it took, in which trace. */
import type { Caller } from "./caller.js";
import { Code } from "./error.js";
import type { Logger } from "./log.js";
import { codeName } from "./red.js";
import { isOurFault } from "./refusal.js";

export interface Line {
  /** `souk.orders.v1.OrderService/PlaceOrder` */
  method: string;
  /** None when all went well. */
  code: Code | undefined;
  reason: string;
  durationMs: number;
  caller: Caller;
  traceId: string;
  /** What really went wrong, when it was hidden from the caller. */
  cause: string | undefined;
  /** Health and reflection are called all the time and say nothing. */
  isBackground: boolean;
}

/** Writes the line, at a level that says who must look. */
export function writeRequest(log: Logger, line: Line): void {
  const level = line.code !== undefined && isOurFault(line.code) ? "error" : line.isBackground ? "debug" : "info";
  if (!log.isLevelEnabled(level)) return;
  log[level](
    {
      "rpc.method": line.method,
      "rpc.code": codeName(line.code),
      ...(line.reason === "" ? {} : { "rpc.reason": line.reason }),
      "rpc.duration_ms": Math.round(line.durationMs * 1000) / 1000,
      caller: callerText(line.caller),
      "trace.id": line.traceId,
      ...(line.cause === undefined ? {} : { error: line.cause }),
    },
    "request",
  );
}

/** An id that is an e-mail address is not written down: logs outlive accounts. */
function callerText({ kind, id, key }: Caller): string {
  return id.includes("@") ? `${kind}:[hidden]` : key;
}
