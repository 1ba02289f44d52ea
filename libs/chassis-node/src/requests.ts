/** Writes that a caller may repeat: the answer is kept with the effect, under who owns it, the method and the request id. */
import { createHash } from "node:crypto";

import { clone, create, fromBinary, toBinary, type DescMethodUnary, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { ErrorReason as Reason } from "@souk/client/gen/souk/policy/v1/error_reason_pb.js";

import type { Context } from "./context.js";
import { customerNamedIn } from "./owned.js";
import { nameOf } from "./policy.js";
import { refuse } from "./refusal.js";
import type { Store, Tx } from "./store.js";

/**
 * Writes once. The first call with a `request_id` runs `work` and keeps its answer in the same transaction; a repeat with the same
 * body gets that answer, and one with another body FAILED_PRECONDITION. What is done for a customer, by any caller, is kept by the
 * customer; else by the caller. A refusal is not kept: it is evaluated again. Without a
 * `request_id` each call is a first one.
 */
export function writeOnce<I extends DescMessage, O extends DescMessage>(
  store: Store,
  method: DescMethodUnary<I, O>,
  request: MessageShape<I> & { requestId: string },
  { caller }: Context,
  work: (tx: Tx) => MessageInitShape<O>,
): Promise<MessageShape<O>> {
  const { requestId } = request;
  if (requestId === "") return store.write((tx) => create(method.output, work(tx)) as MessageShape<O>);
  const key = [customerNamedIn(method, request) || caller.owner, nameOf(method), requestId] as const;
  const digest = digestOf(method.input, request);
  return store.write((tx) => {
    const kept = tx.get("SELECT digest, response FROM souk_requests WHERE caller = ? AND method = ? AND request_id = ?", ...key);
    if (kept !== undefined) {
      if (kept["digest"] instanceof Uint8Array && digest.equals(kept["digest"])) {
        return fromBinary(method.output, kept["response"] as Uint8Array) as MessageShape<O>;
      }
      throw refuse(Reason.REQUEST_ID_REUSED, `request id ${requestId} was already used with a different request`);
    }
    const response = create(method.output, work(tx)) as MessageShape<O>;
    const sql = "INSERT INTO souk_requests (caller, method, request_id, digest, response, created_time) VALUES (?, ?, ?, ?, ?, ?)";
    tx.run(sql, ...key, digest, toBinary(method.output, response), store.clock.now().getTime());
    return response;
  });
}

/** SHA-256 of the request without its id. */
function digestOf<D extends DescMessage>(schema: D, request: MessageShape<D>): Buffer {
  const anonymous = clone(schema, request) as MessageShape<D> & { requestId: string };
  anonymous.requestId = "";
  return createHash("sha256").update(toBinary(schema, anonymous)).digest();
}
