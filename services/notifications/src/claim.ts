/**
 * A customer claims a guest: who bought as a guest has signed in. The guest's messages are the customer's from then on.
 *
 * **Invariant:** no message and no notice belongs to a guest who was claimed, also when its event comes later.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { customerOf } from "@souk/client";

import { GuestClaimedSchema, type Event } from "./contract.js";

/** Whom a customer has claimed. */
export interface Claim {
  guest: string;
  customer: string;
}

const CUSTOMER_ID = /^customer_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** Returns the claim that an event tells of; undefined for another event. Throws when it cannot be read. */
export function claimIn({ type, data }: Pick<Event, "type" | "data">): Claim | undefined {
  if (type !== GuestClaimedSchema.typeName) return undefined;
  const { guestCustomerId: guest, customerId: customer } = fromBinary(GuestClaimedSchema, data);
  if (![guest, customer].every((id) => CUSTOMER_ID.test(id)) || guest === customer) throw new Error("it does not name a guest and a customer");
  return { guest, customer };
}

/** Returns the customer of an event. Events from before customers had ids have the name of a user. */
export function customerIn(named: string): string {
  return CUSTOMER_ID.test(named) ? named : customerOf(`user:${named}`);
}
