/** Asks orders for what the e-mail of an order needs and no event has: where it goes, and the link that opens the order. */
import { createClient, type Transport } from "@connectrpc/connect";
import { Code, Context } from "@souk/chassis";
import { SoukError } from "@souk/client";

import { isAddress } from "../address.js";
import { OrderErrorReason as Reason, OrderService } from "../contract.js";
import { Failure } from "../failure.js";

/** What an e-mail needs of its order. */
export interface OrderContact {
  /** Where the customer wants mail about this order; empty when it did not say, or no mail can go there. */
  emailAddress: string;
  /** The language and region in which the customer bought; may be empty. */
  locale: string;
}

/** Answers for orders. Throws a Failure when orders does not, so that the e-mail is tried again. */
export interface Orders {
  /** Returns what the order says; undefined when there is no such order. */
  contactOf: (orderId: string, trace: string) => Promise<OrderContact | undefined>;
  /** Returns a secret that shows the order to anyone who has it, for this many seconds. */
  linkToken: (orderId: string, seconds: number, trace: string) => Promise<string>;
}

const NEVER = new AbortController().signal;
const NOT_FOUND = `ERROR_REASON_${Reason[Reason.ORDER_NOT_FOUND]}`;

/** Asks over gRPC, as this service. */
export function grpcOrders(transport: Transport): Orders {
  const client = createClient(OrderService, transport);
  // The request that woke the dispatcher may be over: its deadline and its end are not those of these calls.
  const ask = <T>(trace: string, call: () => Promise<T>) => Context.following("notifications", trace, NEVER).run(call);
  return {
    contactOf: async (orderId, trace) => {
      try {
        const { order } = await ask(trace, () => client.getOrder({ orderId }));
        const address = order?.contact?.emailAddress ?? "";
        return { emailAddress: isAddress(address) ? address : "", locale: order?.locale ?? "" };
      } catch (error) {
        if (SoukError.from(error).reason === NOT_FOUND) return undefined;
        throw failureOf(error);
      }
    },
    linkToken: async (orderId, seconds, trace) => {
      try {
        const { linkToken } = await ask(trace, () => client.createOrderLink({ orderId, ttl: { seconds: BigInt(seconds) } }));
        return linkToken;
      } catch (error) {
        throw failureOf(error);
      }
    },
  };
}

/** What an error says may name the order's content, so only its code is kept: `orders unavailable`, `orders permission_denied`. */
function failureOf(error: unknown): Failure {
  const code = Code[SoukError.from(error).code] ?? "unknown";
  return new Failure(`orders ${code.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase()}`, { isOurs: true });
}
