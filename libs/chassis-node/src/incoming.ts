/** What every request passes before and after its method, in reading order. */
import { create, fromBinary, toBinary, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";

import type { Caller, Identity } from "./caller.js";
import { Call } from "./call.js";
import { Context } from "./context.js";
import { tooMany } from "./counts.js";
import { Deadline, timeoutAsked } from "./deadline.js";
import type { Refusal } from "./error.js";
import { BrokenRequest, type Exchange, type Reading } from "./grpc.js";
import { identify } from "./identity.js";
import type { Served } from "./methods.js";
import { checkOwned } from "./owned.js";
import { criticalityNamed, notAdmitted } from "./policy.js";
import { domainOf } from "./reason.js";
import type { Process } from "./process.js";
import {
  accessDenied,
  deadlineExceeded,
  DOMAIN,
  draining,
  headersTooLarge,
  invalidField,
  malformed,
  overloaded,
  unauthenticated,
  unimplemented,
  unsupportedCompression,
  type FieldViolation,
} from "./refusal.js";
import { validate } from "./validate.js";

/** The most bytes of all headers of a request. */
const MAX_HEADER_BYTES = 16 << 10;
const IN_WORDS: Record<Caller["kind"], string> = {
  anonymous: "everyone",
  user: "a user",
  guest: "a guest",
  service: "a service",
  staff: "a member of the staff",
};
const TIMEOUT_FORM = "malformed grpc-timeout: it is 1 to 8 digits and one of H, M, S, m, u, n";

/** Serves one request: finds its method, lets it through or refuses it, and answers. Never rejects. */
export async function serve(process: Process, exchange: Exchange): Promise<void> {
  const path = exchange.header(":path") ?? "";
  // 1. Trace, log line and metrics: whatever way the call ends from here on, it can be found again.
  const method = process.methods.get(path);
  const call = new Call(process, exchange, method);
  try {
    checkHead(exchange);
    // 2. The method: one look-up in a table that was made at the start.
    if (method?.code === undefined) throw unimplemented(path);
    // 3. Deadline, identity, access, limits: all from the headers, before a byte of the message is decoded.
    const context = admit(process, method, exchange, call);
    // 4. The method. What it throws stays in this request.
    await run(method, context, call, exchange, process);
    call.succeed();
  } catch (error) {
    call.fail(error);
  }
}

/** Decides whether this is a gRPC request that can be read. */
function checkHead(exchange: Exchange): void {
  const { headerBytes, otherThanGrpc } = exchange;
  if (otherThanGrpc !== undefined) throw malformed(DOMAIN, "", otherThanGrpc);
  if (headerBytes > MAX_HEADER_BYTES) throw headersTooLarge(headerBytes, MAX_HEADER_BYTES);
  const encoding = exchange.header("grpc-encoding") ?? "identity";
  if (encoding !== "identity") throw unsupportedCompression(encoding);
}

/** Decides from the headers alone whether a request may go on, and in which context. */
function admit(process: Process, method: Served, exchange: Exchange, call: Call): Context {
  const { policy } = method;
  // Deadline: the caller's or the contract's, whichever is earlier. At it the call ends, wherever its method waits.
  let deadline = Deadline.after(policy.timeoutMs, call.started);
  const asked = timeoutAsked(exchange.header("grpc-timeout"));
  if (asked === undefined && exchange.header("grpc-timeout") !== undefined) throw malformed(domainOf(method.desc.input.file), "grpc-timeout", TIMEOUT_FORM);
  if (asked !== undefined) deadline = deadline.earlier(Deadline.after(asked, call.started));
  if (deadline.hasPassed) throw deadlineExceeded();
  call.afterwards(deadline.watch(() => call.fail(deadlineExceeded())));

  // Identity. With two tokens it is unclear which is meant.
  if (exchange.occurrences("authorization") > 1) throw unauthenticated("there is more than one authorization header, send one");
  const identity = identify(exchange.header("authorization"), process);
  call.identified(identity);

  // Access: by the contract.
  allow(method, identity);

  // A service passes on the criticality of its caller's work; all others get the contract's.
  const { caller } = identity;
  const stated = caller.kind === "service" ? criticalityNamed(exchange.header("souk-criticality")) : undefined;
  const criticality = stated ?? policy.criticality;

  // Limits: of the process, the connection, the address and the caller. Health and reflection have limits of their own.
  const { isBackground } = method;
  const permit = process.limits.enter({ connection: exchange.connection, caller, criticality, isStreaming: policy.isStreaming, isBackground });
  call.afterwards(() => permit.answered());
  exchange.stream.once("close", () => permit.sent());

  // A stream ends at the drain; a single answer may still be finished.
  if (policy.isStreaming) {
    if (process.drain.aborted) throw draining();
    const end = () => call.fail(draining());
    process.drain.addEventListener("abort", end);
    call.afterwards(() => process.drain.removeEventListener("abort", end));
  }

  const context = new Context(caller, identity.scopes, deadline, criticality, call.trace, call.signal);
  call.inContext(context);
  return context;
}

/** Checks the caller's kind and its scopes. */
function allow({ name, policy }: Served, identity: Identity): void {
  const why = notAdmitted(policy, identity);
  const { kind } = identity.caller;
  if (why === undefined) return;
  if (why === "guest") throw accessDenied(`${name} may be called by a user who has signed in, not by a guest`);
  if (why !== "kind") throw accessDenied(`${name} may be called by ${IN_WORDS[kind]} whose token has the scope ${why.join(" and ")}`, why);
  if (kind === "anonymous") throw unauthenticated("this method requires an authenticated caller");
  throw accessDenied(`${name} may not be called by ${IN_WORDS[kind]}`);
}

type Message = MessageShape<DescMessage>;

/** Reads, checks and hands over the request, and sends what the method answers. */
async function run(method: Served, context: Context, call: Call, exchange: Exchange, process: Process): Promise<void> {
  const { desc } = method;
  const requests = readRequests(method, exchange, call, readingOf(method, context, exchange, process));
  const isClientStreaming = desc.methodKind === "client_streaming" || desc.methodKind === "bidi_streaming";
  const request = isClientStreaming ? requests : await single(method, context, requests, exchange);
  if (call.isOver) return;

  const answer = context.run(() => (method.code as (request: unknown, context: Context) => unknown)(request, context));
  if (desc.methodKind === "unary" || desc.methodKind === "client_streaming") {
    const message = (await answer) as MessageInitShape<DescMessage>;
    // Its delivery is not awaited.
    if (!call.isOver) exchange.write(encode(desc.output, message));
    return;
  }

  exchange.begin();
  const answers = (answer as AsyncIterable<MessageInitShape<DescMessage>>)[Symbol.asyncIterator]();
  // A method that waits for something else than its signal is stopped in the language's own way too.
  call.afterwards(() => void answers.return?.()?.catch(() => undefined));
  while (!call.isOver) {
    const next = await context.run(() => answers.next());
    if (next.done === true || call.isOver) return;
    await exchange.send(encode(desc.output, next.value));
  }
}

function encode(schema: DescMessage, message: MessageInitShape<DescMessage>): Uint8Array {
  return toBinary(schema, create(schema, message));
}

/** Says how much of a request is read: what the contract allows the method, out of what all messages at once may take. */
function readingOf({ maxRequestBytes }: Served, { caller }: Context, { connection }: Exchange, { decoding, limits }: Process): Reading {
  const reserve = (bytes: number) => {
    const release = decoding.reserve(bytes, caller.kind);
    if (release !== undefined) return release;
    limits.refused("decoding_bytes", "server.max_decoding_bytes", decoding.maxBytes, connection.peer.address);
    throw overloaded("the server is reading too many bytes of messages at once");
  };
  return { maxBytes: maxRequestBytes, reserve };
}

/** Counts, decodes and checks each message of a request. One that is not right ends the call, whatever the method makes of it. */
async function* readRequests({ desc, shape }: Served, exchange: Exchange, call: Call, reading: Reading): AsyncGenerator<Message> {
  const schema = desc.input;
  try {
    for await (const { bytes, release } of exchange.messages(reading)) {
      const violation = tooMany(bytes, shape);
      if (violation !== undefined) throw invalid(schema, `field ${violation.field} ${violation.description}`, violation);
      const message = decode(schema, bytes);
      validate(schema, message);
      release();
      yield message;
    }
  } catch (error) {
    const known = error instanceof BrokenRequest ? malformed(domainOf(schema.file), "", error.message) : error;
    call.fail(known);
    throw known;
  }
}

function decode(schema: DescMessage, bytes: Uint8Array): Message {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    const violation = { field: "", description: "is not a valid protobuf message of its type" };
    throw invalid(schema, `request cannot be decoded: ${(error as Error).message}`, violation);
  }
}

/** Returns the one message of a request that has one, which reaches only what its caller may. The end of the request is not awaited. */
async function single({ desc }: Served, { caller }: Context, requests: AsyncGenerator<Message>, exchange: Exchange): Promise<Message> {
  const schema = desc.input;
  const first = await requests.next();
  if (first.done === true) throw malformed(domainOf(schema.file), "", "the request has no message");
  if (await exchange.hasMore()) throw malformed(domainOf(schema.file), "", "the request has more than one message, but this method takes one");
  await requests.return(undefined);
  exchange.skipRest();
  checkOwned(desc, caller, first.value);
  return first.value;
}

function invalid(schema: DescMessage, message: string, violation: FieldViolation): Refusal {
  return invalidField(domainOf(schema.file), message, [violation]);
}
