import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import { Caller } from "../src/caller.js";
import { Kind, lackingScopes, openPolicy, policyOf, type Grant } from "../src/policy.js";
import { EchoService } from "./gen/souk/echo/v1/echo_pb.js";

const ALICE = Caller.user("alice");
const ORDERS = Caller.service("orders");
const ANN = Caller.staff("ann");

function lacking(grants: Grant[], caller: Caller, ...scopes: string[]) {
  return lackingScopes({ ...openPolicy(EchoService.method.say), grants }, { caller, scopes });
}

test("a policy has the grants of the contract", () => {
  const grants = (name: keyof typeof EchoService.method) => policyOf(EchoService.method[name])?.grants.map(({ caller, scopes }) => [caller, ...scopes]);
  deepEqual(grants("say"), [[Kind.PUBLIC]]);
  deepEqual(grants("collect"), [[Kind.SERVICE, "echo.collect"]]);
  deepEqual(grants("chat"), [[Kind.STAFF, "echo.chat"]]);
});

test("everyone may call what is public, with whatever scopes", () => {
  for (const caller of [Caller.ANONYMOUS, ALICE, ORDERS, ANN]) deepEqual(lacking([{ caller: Kind.PUBLIC, scopes: [] }], caller, "a.b"), []);
});

test("a grant admits its kind only, and asks for all of its scopes", () => {
  const grants = [{ caller: Kind.USER, scopes: [] }, { caller: Kind.STAFF, scopes: ["orders.read", "orders.refund"] }];
  deepEqual(lacking(grants, ALICE), []);
  deepEqual(lacking(grants, ANN), ["orders.read", "orders.refund"]);
  deepEqual(lacking(grants, ANN, "orders.read"), ["orders.refund"]);
  deepEqual(lacking(grants, ANN, "orders.refund", "orders.read"), []);
  for (const caller of [Caller.ANONYMOUS, ORDERS]) equal(lacking(grants, caller, "orders.read", "orders.refund", "*"), undefined);
});

test("any grant for the kind suffices, and the first says what is lacking", () => {
  const grants = [{ caller: Kind.SERVICE, scopes: ["orders.read", "orders.refund"] }, { caller: Kind.SERVICE, scopes: ["ops.audit"] }];
  deepEqual(lacking(grants, ORDERS, "ops.audit"), []);
  deepEqual(lacking(grants, ORDERS, "orders.read"), ["orders.refund"]);
  deepEqual(lacking(grants, ORDERS), ["orders.read", "orders.refund"]);
});

test("every scope is a scope of its own, not a pattern", () => {
  const grants = [{ caller: Kind.SERVICE, scopes: ["orders.read", "ops.audit"] }];
  deepEqual(lacking(grants, ORDERS, "*"), []);
  deepEqual(lacking(grants, ORDERS, "orders.*"), ["orders.read", "ops.audit"]);
});
