import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import { Caller } from "../src/caller.js";
import { Kind, notAdmitted, openPolicy, policyOf, type Grant } from "../src/policy.js";
import { EchoService } from "./gen/souk/echo/v1/echo_pb.js";

const ALICE = Caller.user("alice");
const GUEST = Caller.guest("x");
const ORDERS = Caller.service("orders");
const ANN = Caller.staff("ann");

function refused(grants: Partial<Grant>[], caller: Caller, ...scopes: string[]) {
  const whole = grants.map((grant) => ({ caller: Kind.PUBLIC, scopes: [], excludesGuests: false, ...grant }));
  return notAdmitted({ ...openPolicy(EchoService.method.say), grants: whole }, { caller, scopes });
}

test("a policy has the grants of the contract", () => {
  const policy = (name: keyof typeof EchoService.method) => policyOf(EchoService.method[name]);
  const grants = (name: keyof typeof EchoService.method) => policy(name)?.grants.map(({ caller, scopes }) => [caller, ...scopes]);
  deepEqual(grants("say"), [[Kind.PUBLIC]]);
  deepEqual(grants("collect"), [[Kind.SERVICE, "echo.collect"]]);
  deepEqual(grants("chat"), [[Kind.STAFF, "echo.chat"]]);
  deepEqual(policy("repeat")?.grants.map(({ excludesGuests }) => excludesGuests), [true]);
  deepEqual([policy("save")?.own, policy("repeat")?.own, policy("say")?.own], ["customer_id", "name", ""]);
});

test("everyone may call what is public, with whatever scopes", () => {
  for (const caller of [Caller.ANONYMOUS, ALICE, GUEST, ORDERS, ANN]) equal(refused([{ caller: Kind.PUBLIC }], caller, "a.b"), undefined);
});

test("a grant admits its kind only, and asks for all of its scopes", () => {
  const grants = [{ caller: Kind.USER }, { caller: Kind.STAFF, scopes: ["orders.read", "orders.refund"] }];
  for (const person of [ALICE, GUEST]) equal(refused(grants, person), undefined);
  deepEqual(refused(grants, ANN), ["orders.read", "orders.refund"]);
  deepEqual(refused(grants, ANN, "orders.read"), ["orders.refund"]);
  equal(refused(grants, ANN, "orders.refund", "orders.read"), undefined);
  for (const caller of [Caller.ANONYMOUS, ORDERS]) equal(refused(grants, caller, "orders.read", "orders.refund", "*"), "kind");
});

test("a grant that excludes guests admits who has signed in, and another may admit both", () => {
  const signedIn = { caller: Kind.USER, excludesGuests: true };
  equal(refused([signedIn], ALICE), undefined);
  equal(refused([signedIn], GUEST, "*"), "guest");
  equal(refused([signedIn], ORDERS), "kind");
  const either = [signedIn, { caller: Kind.USER, scopes: ["a.b"] }];
  equal(refused(either, GUEST), "guest");
  equal(refused(either, GUEST, "a.b"), undefined);
});

test("any grant for the kind suffices, and the first says what is lacking", () => {
  const grants = [{ caller: Kind.SERVICE, scopes: ["orders.read", "orders.refund"] }, { caller: Kind.SERVICE, scopes: ["ops.audit"] }];
  equal(refused(grants, ORDERS, "ops.audit"), undefined);
  deepEqual(refused(grants, ORDERS, "orders.read"), ["orders.refund"]);
  deepEqual(refused(grants, ORDERS), ["orders.read", "orders.refund"]);
});

test("every scope is a scope of its own, not a pattern", () => {
  const grants = [{ caller: Kind.SERVICE, scopes: ["orders.read", "ops.audit"] }];
  equal(refused(grants, ORDERS, "*"), undefined);
  deepEqual(refused(grants, ORDERS, "orders.*"), ["orders.read", "ops.audit"]);
});
