/** What every request passes before and after its method, in reading order. */
import { create, fromBinary, toBinary, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";

import type { Identity } from "./caller.js";
import { Call } from "./call.js";
import { Context } from "./context.js";
import { Deadline, timeoutAsked } from "./deadline.js";
import type { Exchange } from "./grpc.js";
import { identify } from "./identity.js";
import type { Served } from "./methods.js";
import { Kind, criticalityNamed } from "./policy.js";
import type { Process } from "./process.js";
import { accessDenied, deadlineExceeded, draining, invalidField, unauthenticated, unimplemented } from "./refusal.js";
import { validate } from "./validate.js";

/** Serves one request: finds its method, lets it through or refuses it, and answers. Never rejects. */
export async function serve(process: Process, exchange: Exchange): Promise<void> {
  const path = exchange.header(":path") ?? "";
  // 1. Trace, log line and metrics: whatever way the call ends from here on, it can be found again.
  const method = process.methods.get(path);
  const call = new Call(process, exchange, method);
  try {
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

/** Decides from the headers alone whether a request may go on, and in which context. */
function admit(process: Process, method: Served, exchange: Exchange, call: Call): Context {
  const { policy } = method;
  // Deadline: the caller's or the contract's, whichever is earlier. At it the call ends, wherever its method waits.
  let deadline = Deadline.after(policy.timeoutMs, call.started);
  const asked = timeoutAsked(exchange.header("grpc-timeout"));
  if (asked !== undefined) deadline = deadline.earlier(Deadline.after(asked, call.started));
  if (deadline.hasPassed) throw deadlineExceeded();
  call.afterwards(deadline.watch(() => call.fail(deadlineExceeded())));

  // Identity.
  const identity = identify(exchange.header("authorization"), process.identityKey, process.isLoopback);
  call.identified(identity);

  // Access: by the contract.
  allow(method, identity);

  // Limits: of the process and of the caller. Health and reflection have streams of their own.
  const { caller } = identity;
  call.afterwards(process.limits.enter(policy.isStreaming, method.isBackground ? undefined : caller.key));

  // A stream ends at the drain; a single answer may still be finished.
  if (policy.isStreaming) {
    if (process.drain.aborted) throw draining();
    const end = () => call.fail(draining());
    process.drain.addEventListener("abort", end);
    call.afterwards(() => process.drain.removeEventListener("abort", end));
  }

  // A service says how much the work matters that it does for somebody else; everybody else gets what the contract says.
  const stated = caller.kind === "service" ? criticalityNamed(exchange.header("souk-criticality")) : undefined;
  const context = new Context(caller, identity.scopes, deadline, stated ?? policy.criticality, call.trace, call.signal);
  call.inContext(context);
  return context;
}

/** Checks the caller's kind, which service it is, and its scopes. */
function allow({ name, policy }: Served, { caller, scopes }: Identity): void {
  const { callers, services } = policy;
  const isAdmitted =
    callers.has(Kind.PUBLIC) ||
    (caller.kind === "user" && callers.has(Kind.USER)) ||
    (caller.kind === "staff" && callers.has(Kind.STAFF)) ||
    (caller.kind === "service" && callers.has(Kind.SERVICE) && (services.length === 0 || services.includes(caller.id)));
  if (!isAdmitted) {
    if (caller.kind === "anonymous") throw unauthenticated("this method needs to know who calls");
    throw accessDenied(`${name} may not be called by this ${caller.kind}`);
  }
  const missing = policy.scopes.find((scope) => !scopes.includes(scope));
  if (missing !== undefined) throw accessDenied(`${name} needs the scope ${missing}`);
}

type Message = MessageShape<DescMessage>;

/** Reads, checks and hands over the request, and sends what the method answers. */
async function run(method: Served, context: Context, call: Call, exchange: Exchange, process: Process): Promise<void> {
  const { desc } = method;
  const requests = readRequests(desc.input, exchange, call, process.maxMessageBytes);
  const isClientStreaming = desc.methodKind === "client_streaming" || desc.methodKind === "bidi_streaming";
  const request = isClientStreaming ? requests : await single(desc.input, requests, exchange);
  if (call.isFinished) return;

  const answer = context.run(() => (method.code as (request: unknown, context: Context) => unknown)(request, context));
  if (desc.methodKind === "unary" || desc.methodKind === "client_streaming") {
    const message = (await answer) as MessageInitShape<DescMessage>;
    if (!call.isFinished) await exchange.send(encode(desc.output, message));
    return;
  }

  exchange.begin();
  const answers = (answer as AsyncIterable<MessageInitShape<DescMessage>>)[Symbol.asyncIterator]();
  // A method that waits for something else than its signal is told in the language's own way too.
  call.afterwards(() => void answers.return?.()?.catch(() => undefined));
  while (!call.isFinished) {
    const next = await context.run(() => answers.next());
    if (next.done === true || call.isFinished) return;
    await exchange.send(encode(desc.output, next.value));
  }
}

function encode(schema: DescMessage, message: MessageInitShape<DescMessage>): Uint8Array {
  return toBinary(schema, create(schema, message));
}

/** Decodes and checks each message of a request. One that is not right ends the call, whatever the method makes of it. */
async function* readRequests(schema: DescMessage, exchange: Exchange, call: Call, maxBytes: number): AsyncGenerator<Message> {
  try {
    for await (const bytes of exchange.messages(maxBytes)) {
      const message = decode(schema, bytes);
      validate(schema, message);
      yield message;
    }
  } catch (error) {
    call.fail(error);
    throw error;
  }
}

function decode(schema: DescMessage, bytes: Uint8Array): Message {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    const violation = { field: "", description: "is not a valid protobuf message of its type" };
    throw invalidField(schema.file.proto.package, `request cannot be decoded: ${(error as Error).message}`, [violation]);
  }
}

/** Returns the one message of a request that has one. Nobody waits for the end of the request, nor reads what else may come. */
async function single(schema: DescMessage, requests: AsyncGenerator<Message>, exchange: Exchange): Promise<Message> {
  const first = await requests.next();
  if (first.done === true) {
    throw invalidField(schema.file.proto.package, "request has no message", [{ field: "", description: "is missing" }]);
  }
  await requests.return(undefined);
  exchange.skipRest();
  return first.value;
}
