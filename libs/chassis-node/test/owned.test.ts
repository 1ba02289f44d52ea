/** The option `own`: whose things a request names, where the contract has the customer below another message. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";
import { BadRequestSchema, type BadRequest } from "@souk/client/gen/google/rpc/error_details_pb.js";
import { NotificationService, UpdateNotificationPreferencesRequestSchema } from "@souk/client/gen/souk/notifications/v1/notification_service_pb.js";

import { Caller } from "../src/caller.js";
import { Refusal } from "../src/error.js";
import { checkOwned, customerNamedIn } from "../src/owned.js";

const UPDATE = NotificationService.method.updateNotificationPreferences;
const ALICE = Caller.user("alice");
const BOB = Caller.user("bob");

const request = (customerId: string) => create(UpdateNotificationPreferencesRequestSchema, { preferences: { customerId } });

/** Returns the reason of the refusal of a request, and the fields that it names. */
function refused(caller: Caller, customerId: string): [string, string[]] {
  try {
    checkOwned(UPDATE, caller, request(customerId));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const bad = error.details.find(({ desc }) => desc === BadRequestSchema)?.value as BadRequest | undefined;
    return [error.reason, bad?.fieldViolations.map(({ field }) => field) ?? []];
  }
  throw new Error("it was not refused");
}

test("a nested customer is refused by its full path", () => {
  deepEqual(refused(ALICE, BOB.customer), ["ERROR_REASON_OTHER_CUSTOMER", ["preferences.customer_id"]]);
  deepEqual(refused(Caller.staff("ann"), "me"), ["ERROR_REASON_INVALID_FIELD", ["preferences.customer_id"]]);
});

test("a nested customer of a user is written where the request has it", () => {
  const message = request("me");
  checkOwned(UPDATE, ALICE, message);
  equal(message.preferences?.customerId, ALICE.customer);
  equal(customerNamedIn(UPDATE, message), ALICE.customer);
});
