import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { test } from "node:test";

import { createFileRegistry, fromBinary, getOption } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { InvariantService } from "@souk/client/gen/souk/ops/v1/invariant_service_pb.js";
import { method as policy } from "@souk/client/gen/souk/policy/v1/policy_pb.js";

import { Health, HealthCheckResponse_ServingStatus as Status } from "../src/gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../src/gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as Alpha } from "../src/gen/grpc/reflection/v1alpha/reflection_pb.js";
import { Service } from "../src/index.js";
import { eventually, startFor } from "../src/testing.js";
import { definition } from "./echo.js";
import { EchoService } from "./gen/souk/echo/v1/echo_pb.js";
import { all, each, refused, startEcho } from "./support.js";

const ECHO = "souk.echo.v1.EchoService";

test("health answers for the process and for its service, and not for others", async (t) => {
  const echo = await startEcho(t);
  const health = createClient(Health, echo.as("anonymous"));
  equal((await health.check({})).status, Status.SERVING);
  equal((await health.check({ service: ECHO })).status, Status.SERVING);
  equal((await refused(health.check({ service: "other" }))).code, Code.NotFound);
  deepEqual(Object.keys((await health.list({})).statuses).sort(), ["", ECHO]);
});

test("health follows what the service says of itself, and its watchers hear each change", async (t) => {
  let problem = "";
  const ready = () => {
    if (problem !== "") throw new Error(problem);
  };
  const echo = await startEcho(t, { ready });
  const watch = createClient(Health, echo.as("anonymous")).watch({ service: ECHO })[Symbol.asyncIterator]();
  equal((await watch.next()).value?.status, Status.SERVING);
  equal((await echo.page("/readyz")).status, 200);
  problem = "the cave is flooded";
  equal((await watch.next()).value?.status, Status.NOT_SERVING);
  equal((await echo.page("/readyz")).status, 503);
  match((await echo.page("/readyz")).text, /^not ready\necho: the cave is flooded\n$/);
  ok(echo.lines.some((line) => line.includes("echo is not ready: the cave is flooded")));
  problem = "";
  equal((await watch.next()).value?.status, Status.SERVING);
});

test("a watcher of an unknown service is told so and stays", async (t) => {
  const echo = await startEcho(t);
  const watch = createClient(Health, echo.as("anonymous")).watch({ service: "other" })[Symbol.asyncIterator]();
  equal((await watch.next()).value?.status, Status.SERVICE_UNKNOWN);
});

test("reflection lists what is served, in both versions", async (t) => {
  const echo = await startEcho(t);
  for (const service of [ServerReflection, Alpha] as const) {
    const client = createClient(service as typeof ServerReflection, echo.as("anonymous"));
    const [answer] = await all(client.serverReflectionInfo(each({ messageRequest: { case: "listServices" as const, value: "" } })));
    const listed = answer?.messageResponse.case === "listServicesResponse" ? answer.messageResponse.value.service : [];
    const names = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection", ECHO, "souk.ops.v1.InvariantService"];
    deepEqual(listed.map(({ name }) => name).sort(), names);
  }
});

test("what reflection tells of a service is whole, policies included", async (t) => {
  const echo = await startEcho(t);
  const client = createClient(ServerReflection, echo.as("anonymous"));
  const ask = (symbol: string) => all(client.serverReflectionInfo(each({ messageRequest: { case: "fileContainingSymbol" as const, value: symbol } })));
  for (const symbol of [ECHO, `${ECHO}.Say`, "souk.echo.v1.SayRequest.name"]) {
    const [answer] = await ask(symbol);
    const files = answer?.messageResponse.case === "fileDescriptorResponse" ? answer.messageResponse.value.fileDescriptorProto : [];
    const [file, ...imported] = files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    ok(file !== undefined);
    const service = createFileRegistry(file, (name) => imported.find((one) => one.name === name)).getService(ECHO);
    ok(service?.methods.every((method) => getOption(method, policy).grants.length > 0));
  }
  const [unknown] = await ask("souk.other.v1.Other");
  ok(unknown?.messageResponse.case === "errorResponse" && unknown.messageResponse.value.errorCode === Code.NotFound);
});

test("reflection tells of extensions, and goes on after what it does not know", async (t) => {
  const echo = await startEcho(t);
  const client = createClient(ServerReflection, echo.as("anonymous"));
  const containingType = "google.protobuf.MethodOptions";
  const questions = each(
    { messageRequest: { case: "allExtensionNumbersOfType" as const, value: "no.Such" } },
    { messageRequest: { case: "fileContainingExtension" as const, value: { containingType, extensionNumber: 4711 } } },
    { messageRequest: { case: "allExtensionNumbersOfType" as const, value: containingType } },
    { messageRequest: { case: "fileContainingExtension" as const, value: { containingType, extensionNumber: policy.number } } },
    { messageRequest: { case: "fileContainingSymbol" as const, value: policy.typeName } },
  );
  const answers = (await all(client.serverReflectionInfo(questions))).map(({ messageResponse }) => messageResponse);
  deepEqual(answers.slice(0, 2).map((answer) => answer.case === "errorResponse" && answer.value.errorCode), [Code.NotFound, Code.NotFound]);
  ok(answers[2]?.case === "allExtensionNumbersResponse" && answers[2].value.extensionNumber.includes(policy.number));
  for (const answer of answers.slice(3)) {
    const files = answer.case === "fileDescriptorResponse" ? answer.value.fileDescriptorProto : [];
    ok(files.some((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).package === "souk.policy.v1"));
  }
});

test("every process answers for the invariants of its service", async (t) => {
  const echo = await startEcho(t);
  const checks = (caller: string) => createClient(InvariantService, echo.as(caller));
  for (const name of ["one", "ghost"]) {
    await echo.client("user:alice").save({ requestId: name, name });
    for (const service of ["", "echo"]) {
      const [report, ...others] = (await checks("staff:ann").checkInvariants({ service })).reports;
      deepEqual([report?.service, others], ["echo", []]);
      deepEqual(report?.counts.map(({ what, count }) => [what, count]), [["names", name === "one" ? 1n : 2n]]);
      const found = report.findings.map(({ invariant, subject, detail }) => [invariant, subject, detail]);
      deepEqual(found, name === "one" ? [] : [["a name is of somebody", "ghost", "nobody has it"]]);
    }
  }
  const other = await refused(checks("staff:ann").checkInvariants({ service: "orders" }));
  deepEqual([other.code, other.info.reason, other.fields], [Code.InvalidArgument, "ERROR_REASON_INVALID_FIELD", ["service"]]);
  match(other.message, /must be one of echo/);
  equal((await refused(checks("anonymous").checkInvariants({}))).code, Code.Unauthenticated);
  equal((await refused(checks("user:alice").checkInvariants({}))).code, Code.PermissionDenied);

  await echo.client("user:alice").save({ requestId: "x", name: "nowhere" });
  equal((await refused(checks("staff:ann").checkInvariants({}))).info.reason, "ERROR_REASON_NO_ECHO");
});

test("a service that says nothing of its invariants does not start", async (t) => {
  const silent = { ...definition(), build: () => new Service().rpc(EchoService, {} as never) };
  await rejects(startFor(t, silent), /echo says nothing of its invariants/);
});

test("the pages are there, and no others", async (t) => {
  const echo = await startEcho(t);
  equal((await echo.page("/healthz")).status, 200);
  equal((await echo.page("/other")).status, 404);
  match((await echo.page("/metrics")).text, /^# TYPE rpc_server_call_duration_seconds histogram$/m);
});

test("at the drain streams end and requests are finished", async (t) => {
  const echo = await startEcho(t);
  const stream = echo.client("user:alice").repeat({ name: "wait", times: 1 })[Symbol.asyncIterator]();
  await stream.next();
  const slow = echo.client().say({ name: "slow" });
  await eventually(async () => /souk_requests_in_work 2/.test((await echo.page("/metrics")).text));
  const stopped = echo.stop();
  const found = await refused(Promise.resolve().then(() => stream.next()));
  deepEqual([found.code, found.info.reason], [Code.Unavailable, "ERROR_REASON_DRAINING"]);
  equal((await slow).name, "slow");
  await stopped;
});
