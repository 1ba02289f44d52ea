/**
 * Hands the skus that customers watched over to wishlists, which notices their return to stock now: each customer's become one
 * wishlist.
 *
 * **Invariant:** rows are deleted only when wishlists has them. A call that is repeated after a kill finds its first effect by the
 * request id.
 */
import { Code, type Clock, type Store } from "@souk/chassis";
import { SoukError } from "@souk/client";

import type { DispatcherDependencies } from "./dispatcher.js";
import { forgetWatched, nextWatched } from "./store/watched_skus.js";
import { SECOND_MS } from "./time.js";
import type { Wishlists } from "./upstream/wishlists.js";

/** The title of the wishlists. */
const TITLE = "Back in stock";
/** How long wishlists is left alone when it does not answer. */
const PAUSE_MS = 10 * SECOND_MS;
/** Codes of refusals that the same call gets again. */
const FINAL: readonly Code[] = [Code.InvalidArgument, Code.FailedPrecondition];

/** What the handover needs. */
export interface HandoverDependencies {
  store: Store;
  wishlists: Wishlists;
  clock: Clock;
  log: Pick<DispatcherDependencies["log"], "warn">;
}

/** Hands over until nothing is left, or the signal. What wishlists refuses stays, and is tried again at the next start. */
export async function handOver({ store, wishlists, clock, log }: HandoverDependencies, stop: AbortSignal): Promise<void> {
  let isWaiting = false;
  let after = "";
  while (!stop.aborted) {
    const next = nextWatched(store.read, after);
    if (next === undefined) return;
    const { named, customer, skus } = next;
    try {
      await wishlists.create({ requestId: `watched-skus-of-${named}`, customer, title: TITLE, skus });
      await store.write((tx) => forgetWatched(tx, named));
      isWaiting = false;
    } catch (error) {
      const { code, reason } = SoukError.from(error);
      if (!FINAL.includes(code)) {
        if (!isWaiting) log.warn({ code: Code[code] }, "the skus that customers watched wait until wishlists takes them over");
        isWaiting = true;
        await clock.sleep(PAUSE_MS, stop);
        continue;
      }
      log.warn({ "customer.id": customer, reason }, `wishlists refuses the ${skus.length} skus that a customer watched`);
    }
    after = named;
  }
}
