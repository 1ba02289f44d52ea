/** Answers of calls that may be repeated: same caller, method and request id, same request, same answer. */
import { createHash } from "node:crypto";

import { create, fromBinary, toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";

import { bytes, micros, type Tx } from "./tables.js";

/** Names a call that may be repeated. */
export interface Once<I extends DescMessage> {
  /** `service:erp` */
  caller: string;
  method: string;
  requestId: string;
  /** The request; its id does not count. */
  request: MessageShape<I>;
  requestSchema: I;
}

/** Says that a request id came before with another request. */
export class RequestIdReused extends Error {
  constructor() {
    super("the request id was used before with another request");
  }
}

/** Returns the answer that was given before, or that of `work`, which is kept with its effect. */
export function once<I extends DescMessage, O extends DescMessage>(
  tx: Tx,
  call: Once<I>,
  answerSchema: O,
  now: Date,
  work: () => MessageShape<O>,
): MessageShape<O> {
  const { caller, method, requestId } = call;
  const digest = digestOf(call);
  const found = tx.get("SELECT digest, answer FROM requests WHERE caller = ? AND method = ? AND request_id = ?", caller, method, requestId);
  if (found !== undefined) {
    if (!Buffer.from(bytes(found.digest)).equals(digest)) throw new RequestIdReused();
    return fromBinary(answerSchema, bytes(found.answer));
  }
  const answer = work();
  tx.run(
    "INSERT INTO requests (caller, method, request_id, digest, answer, create_time) VALUES (?, ?, ?, ?, ?, ?)",
    caller,
    method,
    requestId,
    digest,
    toBinary(answerSchema, answer),
    micros(now),
  );
  return answer;
}

/** Deletes up to `most` answers given before. Returns how many. */
export function purgeRequests(tx: Tx, before: Date, most: number): number {
  return tx.run("DELETE FROM requests WHERE rowid IN (SELECT rowid FROM requests WHERE create_time < ? LIMIT ?)", micros(before), most);
}

function digestOf<I extends DescMessage>({ request, requestSchema }: Once<I>): Buffer {
  const without = create(requestSchema, { ...request, requestId: "" } as never);
  return createHash("sha256").update(toBinary(requestSchema, without)).digest();
}
