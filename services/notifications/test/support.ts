/** What the tests share: a clock moved by hand, events, a service on a folder of its own, and waiting with a limit. */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

import { create, toBinary, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { customerOf } from "@souk/client";

import { Context, Deadline, loadConfig, type Caller } from "@souk/chassis";
import { ManualClock } from "@souk/chassis/testing";
import type { NotificationsConfig } from "#src/config.js";
import { EventSchema, GuestClaimedSchema, MoneySchema, OrderPlacedSchema, OrderSchema, OrderState, type Event, type Money, type Order } from "#src/contract.js";
import { definition } from "#src/definition.js";
import { Notifications, type Dependencies } from "#src/service.js";
import { Failure } from "#src/failure.js";
import type { OrderContact, Orders } from "#src/upstream/orders.js";

/** The folder of the service, seen from dist/test. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export { eventually, ManualClock } from "@souk/chassis/testing";

/** The key that secrets of tests are sealed with, so that no test creates one in the user's own folder. */
export const SECRET_KEY = Buffer.alloc(32, 7).toString("base64");

/** Returns the settings that hold, with some of them changed: `{ "webhooks.allow_http": true }`. */
export function settings(changes: Changes = {}): NotificationsConfig {
  return loadConfig(definition, { set: { "webhooks.secret_key": SECRET_KEY, ...changes } });
}

/** Settings by their dotted keys. */
export type Changes = Readonly<Record<string, string | number | boolean>>;

/** The customers of these users, and of a guest. */
export const ALICE = customerOf("user:alice");
export const BOB = customerOf("user:bob");
export const GUEST = customerOf("guest:x");

/** Orders that say where mail goes: every order exists, and has no address unless one is set. */
export class FakeOrders implements Orders {
  contact: OrderContact | undefined = { emailAddress: "", locale: "" };
  /** What it fails with, while it is set. */
  failure: string | undefined;
  /** What was asked: `contact ORDER` and `link ORDER SECONDS`. */
  readonly asked: string[] = [];

  contactOf(orderId: string): Promise<OrderContact | undefined> {
    this.asked.push(`contact ${orderId}`);
    return this.#answer(this.contact);
  }

  linkToken(orderId: string, seconds: number): Promise<string> {
    this.asked.push(`link ${orderId} ${seconds}`);
    return this.#answer(`token+of/${orderId}`);
  }

  #answer<T>(answer: T): Promise<T> {
    return this.failure === undefined ? Promise.resolve(answer) : Promise.reject(new Failure(this.failure));
  }
}

/** Settings under which webhooks to this machine are allowed. */
export const LOOPBACK = { "webhooks.allow_http": true, "webhooks.allowed_networks": "127.0.0.0/8" };

/** A running service of a test's own. */
export interface Running {
  service: Notifications;
  clock: ManualClock;
  dataDir: string;
  log: string[];
  counted: string[];
  stop: () => Promise<void>;
}

/** Starts a service that ends with its test. */
export async function running(t: TestContext, changes: Changes = {}, more: Partial<Dependencies> = {}): Promise<Running> {
  const dataDir = more.dataDir ?? (await folder());
  const controller = new AbortController();
  const clock = (more.clock as ManualClock | undefined) ?? new ManualClock();
  const log: string[] = [];
  const counted: string[] = [];
  const note = (fields: object, message: string) => void log.push(`${message} ${JSON.stringify(fields)}`);
  const dependencies: Dependencies = {
    config: settings(changes),
    dataDir,
    clock,
    stop: controller.signal,
    log: { warn: note, error: note },
    counted: (channel, outcome) => void counted.push(`${channel} ${outcome}`),
    random: () => 0.5,
    orders: new FakeOrders(),
    ...more,
  };
  const service = await Notifications.start(dependencies);
  let ended: Promise<void> | undefined;
  const stop = () => {
    controller.abort();
    return (ended ??= service.ended());
  };
  t.after(stop);
  return { service, clock, dataDir, log, counted, stop };
}

const folders: string[] = [];
// When everything has ended, so that no service loses its folder while it runs.
process.on("exit", () => folders.forEach((path) => rmSync(path, { recursive: true, force: true })));

/** Makes a folder that goes away with the process of the test. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "souk-notifications-"));
  folders.push(path);
  return path;
}

let count = 0;

/** Returns an event as the bus delivers it. */
export function event<S extends DescMessage>(schema: S, message: MessageInitShape<S>, more: Partial<Event> = {}): Event {
  count += 1;
  return create(EventSchema, {
    id: `event_${String(count).padStart(6, "0")}`,
    source: "/services/orders",
    type: schema.typeName,
    time: timestampFromDate(new Date("2026-03-01T11:59:58Z")),
    dataContentType: "application/protobuf",
    data: toBinary(schema, create(schema, message)),
    ...(more as object),
  });
}

/** An order of two lines over 22.40 GBP, of a customer or of the user of this name. */
export function order(customer: string, more: Partial<Order> = {}): Order {
  const gbp = (minorUnits: bigint): Money => create(MoneySchema, { currencyCode: "GBP", minorUnits });
  return create(OrderSchema, {
    orderId: "order_01h455vb4pex5vsknk084sn02q",
    customerId: customer === "" || customer.startsWith("customer_") ? customer : customerOf(`user:${customer}`),
    reference: "INV-1042",
    state: OrderState.PLACED,
    lines: [
      { lineNumber: 1, sku: "TOWEL-1", title: "Tea towel <blue & white>", quantity: 2, unitPrice: gbp(495n) },
      { lineNumber: 2, sku: "MUG-7", title: "Enamel mug", quantity: 1, unitPrice: gbp(1250n) },
    ],
    total: gbp(2240n),
    refundedTotal: gbp(0n),
    ...(more as object),
  });
}

/** An order of this customer was placed. */
export function orderPlaced(customer: string, more: Partial<Event> = {}): Event {
  return event(OrderPlacedSchema, { order: order(customer) }, more);
}

/** A customer claimed a guest. */
export function guestClaimed(guest: string, customer: string, more: Partial<Event> = {}): Event {
  return event(GuestClaimedSchema, { guestCustomerId: guest, customerId: customer }, more);
}

/** Returns the context that the chassis gives a method, for this caller. */
export function contextOf(caller: Caller): Context {
  const following = Context.following("test", "", new AbortController().signal);
  return new Context(caller, [], Deadline.never(), following.criticality, following.trace, following.signal);
}
