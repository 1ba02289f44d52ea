/**
 * Confirms that a customer may have mail sent to its address: a code is mailed there, and the customer enters it.
 *
 * **Invariant:** the code is at rest only as a hash, and sealed until it was mailed; nothing else goes to an address before.
 */
import { randomInt, timingSafeEqual } from "node:crypto";

import { create } from "@bufbuild/protobuf";
import { newId, type Reader, type Tx } from "@souk/chassis";

import { NotificationChannel as Channel, EventSchema, NotificationKind as Kind } from "./contract.js";
import { keyOf } from "./delivery.js";
import { Refusal } from "./error.js";
import type { Facts } from "./facts.js";
import { Failure } from "./failure.js";
import type { Preferences } from "./preferences.js";
import type { Sealing } from "./sealing.js";
import { deleteConfirmation, loadConfirmation, noteRequest, requestsSince, saveConfirmation, type Confirmation } from "./store/confirmations.js";
import { addDelivery, type Delivery } from "./store/deliveries.js";
import { keepEvent } from "./store/events.js";
import { DAY_MS, HOUR_MS } from "./time.js";

/** The type of the event that a code is mailed for. Of this service alone; the bus does not carry it. */
const EVENT_TYPE = "souk.notifications.v1.EmailConfirmation";
const SOURCE = "/services/notifications";

const GOOD_HOURS = 24;
const MOST_WRONG_CODES = 10;

// Crockford's: without letters that are taken for digits. Twelve of them are 60 bits.
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_LENGTH = 12;
const GROUP_LENGTH = 4;

/** What asking for a code needs. */
export interface Confirming {
  sealing: Sealing;
  /** How many codes a customer may ask for, and may be asked for one address, within a day. */
  mostADay: number;
}

/** Returns whether a code that was asked for can still confirm the address. */
export function isGood(confirmation: Confirmation | undefined, now: Date): boolean {
  return confirmation !== undefined && confirmation.expireTime > now && confirmation.wrongCodes < MOST_WRONG_CODES;
}

/** Makes a new code for the address that the customer has now, and the delivery that mails it. Refuses more than are allowed within a day. */
export function askToConfirm(tx: Tx, { customer, emailAddress }: Preferences, { sealing, mostADay }: Confirming, now: Date): void {
  const addressHash = sealing.hash("address", emailAddress.toLowerCase());
  const earlier = requestsSince(tx, customer, addressHash, new Date(now.getTime() - DAY_MS), mostADay);
  const [oldest] = earlier;
  if (oldest !== undefined && earlier.length >= mostADay) {
    throw Refusal.tooManyConfirmations(mostADay, oldest.getTime() + DAY_MS - now.getTime());
  }
  noteRequest(tx, customer, addressHash, now);

  const code = newCode();
  const event = create(EventSchema, { id: newId("event", now), source: SOURCE, type: EVENT_TYPE, subject: customer });
  saveConfirmation(tx, {
    customer,
    madeFor: customer,
    eventId: event.id,
    codeHash: hashOf(sealing, customer, emailAddress, code),
    sealedCode: sealing.seal(code, purposeOf(customer)),
    wrongCodes: 0,
    expireTime: new Date(now.getTime() + GOOD_HOURS * HOUR_MS),
  });
  const kind = Kind.EMAIL_CONFIRMATION;
  const key = keyOf(event, Channel.EMAIL, customer, String(kind));
  const delivery = { id: newId("delivery", now), key, subject: customer, channel: Channel.EMAIL, kind, customer, endpoint: "" };
  addDelivery(tx, { ...delivery, eventRow: keepEvent(tx, event, now) }, now);
}

/** Forgets the code of a customer whose address is gone. */
export const forgetToConfirm = deleteConfirmation;

/** Returns whether a code confirms the address of the customer now; for an address that is confirmed, whether it is the one that did. */
export function confirms(confirmation: Confirmation | undefined, preferences: Preferences, code: string, sealing: Sealing, now: Date): boolean {
  if (confirmation === undefined || preferences.emailAddress === "") return false;
  if (preferences.emailConfirmedTime === undefined && !isGood(confirmation, now)) return false;
  const hash = hashOf(sealing, confirmation.madeFor, preferences.emailAddress, tidyCode(code));
  return timingSafeEqual(hash, confirmation.codeHash);
}

/** Returns whether a delivery mails a code. */
export function isForConfirmation({ kind }: Delivery): boolean {
  return kind === Kind.EMAIL_CONFIRMATION;
}

/** Returns where a code goes and what its e-mail says. Throws a Failure when it is not to be mailed any more. */
export function confirmationMail(reader: Reader, sealing: Sealing, delivery: Delivery, preferences: Preferences, now: Date): { to: string; facts: Facts } {
  const confirmation = loadConfirmation(reader, delivery.customer);
  const isWanted = confirmation?.eventId === delivery.eventId && isGood(confirmation, now);
  if (!isWanted || preferences.emailAddress === "" || preferences.emailConfirmedTime !== undefined) {
    throw new Failure("nothing to confirm", { isFinal: true });
  }
  const code = sealing.open(confirmation.sealedCode, purposeOf(confirmation.madeFor));
  if (code === undefined) throw new Failure("sealed with another key", { isFinal: true });
  return { to: preferences.emailAddress, facts: { confirmation: { code: inGroups(code), hours: GOOD_HOURS } } };
}

function newCode(): string {
  return Array.from({ length: CODE_LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join("");
}

function inGroups(code: string): string {
  return (code.match(new RegExp(`.{1,${GROUP_LENGTH}}`, "g")) ?? []).join("-");
}

/** What people type for what they read. */
function tidyCode(code: string): string {
  return code.toUpperCase().replace(/[ -]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
}

function hashOf(sealing: Sealing, madeFor: string, address: string, code: string): Buffer {
  return sealing.hash("code", madeFor, address, code);
}

function purposeOf(madeFor: string): string {
  return `confirmation code of ${madeFor}`;
}
