/** What customers watched before there were wishlists becomes wishlists, once, whatever fails meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@souk/chassis";

import { WishlistService } from "#src/contract.js";
import { handOver } from "#src/handover.js";
import type { Notifications } from "#src/service.js";
import { nextWatched } from "#src/store/watched_skus.js";
import { grpcWishlists } from "#src/upstream/wishlists.js";
import { ALICE, BOB, GUEST, ManualClock, eventually, guestClaimed, running } from "./support.js";

/** What wishlists was asked to create. */
interface Created {
  requestId: string;
  customer: string;
  skus: string[];
}

/** Returns wishlists that fails as it is told to, and what it has created. */
function wishlistsThat(failure: (created: Created) => ConnectError | undefined) {
  const created: Created[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(WishlistService, {
      createWishlist: ({ requestId, wishlist }) => {
        const one = { requestId, customer: wishlist?.customerId ?? "", skus: wishlist?.items.map(({ sku }) => sku) ?? [] };
        const error = failure(one);
        if (error !== undefined) throw error;
        created.push(one);
        return {};
      },
    });
  });
  return { created, wishlists: grpcWishlists(transport) };
}

/** Writes rows as the version did that kept them. */
async function watch(service: Notifications, customer: string, skus: string[]): Promise<void> {
  await service.store.write((tx) => {
    for (const sku of skus) tx.run("INSERT INTO watched_skus (customer, sku) VALUES (?, ?)", customer, sku);
  });
}

function handing(service: Notifications, clock: ManualClock, wishlists: ReturnType<typeof wishlistsThat>["wishlists"]) {
  const log: string[] = [];
  const warn = (fields: object, message: string) => void log.push(`${message} ${JSON.stringify(fields)}`);
  const stop = new AbortController();
  return { log, stop, done: handOver({ store: service.store, wishlists, clock, log: { warn } }, stop.signal) };
}

test("each customer's skus become one wishlist, those of a guest who was claimed the customer's", async (t) => {
  const { service, clock } = await running(t);
  await watch(service, ALICE, ["MUG-7", "TOWEL-1"]);
  await watch(service, GUEST, ["CUP-1"]);
  await service.consume(guestClaimed(GUEST, BOB));
  const { created, wishlists } = wishlistsThat(() => undefined);
  await handing(service, clock, wishlists).done;

  const expected = [
    { requestId: `watched-skus-of-${ALICE}`, customer: ALICE, skus: ["MUG-7", "TOWEL-1"] },
    { requestId: `watched-skus-of-${GUEST}`, customer: BOB, skus: ["CUP-1"] },
  ];
  const byId = (a: Created, b: Created) => (a.requestId < b.requestId ? -1 : 1);
  assert.deepEqual(created.sort(byId), expected.sort(byId));
  assert.equal(nextWatched(service.store.read, ""), undefined);
  await handing(service, clock, wishlists).done;
  assert.equal(created.length, 2);
});

test("what is watched waits for wishlists, and is deleted when it has it", async (t) => {
  const { service, clock } = await running(t);
  await watch(service, ALICE, ["MUG-7"]);
  let isThere = false;
  const { created, wishlists } = wishlistsThat(() => (isThere ? undefined : new ConnectError("away", Code.Unavailable)));
  const { log, done } = handing(service, clock, wishlists);
  for (let time = 0; time < 3; time += 1) {
    await eventually(() => clock.sleeping.length > 0);
    assert.deepEqual(nextWatched(service.store.read, "")?.skus, ["MUG-7"]);
    isThere = time === 2;
    clock.advance(10_000);
  }
  await done;
  assert.deepEqual(created.map(({ customer }) => customer), [ALICE]);
  assert.equal(nextWatched(service.store.read, ""), undefined);
  assert.deepEqual(log.map((line) => line.split(" {")[0]), ["the skus that customers watched wait until wishlists takes them over"]);
});

test("what wishlists refuses is kept, and others go on", async (t) => {
  const { service, clock } = await running(t);
  await watch(service, ALICE, ["MUG-7"]);
  await watch(service, BOB, ["CUP-1"]);
  const info = { desc: ErrorInfoSchema, value: { reason: "ERROR_REASON_TOO_MANY_WISHLISTS", domain: "souk.wishlists" } };
  const refusal = new ConnectError("too many", Code.FailedPrecondition, undefined, [info]);
  const { created, wishlists } = wishlistsThat(({ customer }) => (customer === ALICE ? refusal : undefined));
  const { log, done } = handing(service, clock, wishlists);
  await done;
  assert.deepEqual(created.map(({ customer }) => customer), [BOB]);
  assert.deepEqual(nextWatched(service.store.read, ""), { named: ALICE, customer: ALICE, skus: ["MUG-7"] });
  assert.match(log.join(), /TOO_MANY_WISHLISTS/);
});

test("a drain ends the wait", async (t) => {
  const { service, clock } = await running(t);
  await watch(service, ALICE, ["MUG-7"]);
  const { wishlists } = wishlistsThat(() => new ConnectError("away", Code.Unavailable));
  const { stop, done } = handing(service, clock, wishlists);
  await eventually(() => clock.sleeping.length > 0);
  stop.abort();
  await done;
});
