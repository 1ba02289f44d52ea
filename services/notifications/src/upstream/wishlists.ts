/** Gives wishlists what customers watched before there were any. */
import { createClient, type Transport } from "@connectrpc/connect";

import { WishlistService } from "../contract.js";

/** What becomes a wishlist. */
export interface NewWishlist {
  /** By which wishlists knows a repeat, for 7 days. */
  requestId: string;
  customer: string;
  title: string;
  skus: readonly string[];
}

/** Answers for wishlists. */
export interface Wishlists {
  /** Creates a wishlist, once per request id. */
  create: (wishlist: NewWishlist) => Promise<void>;
}

/** Asks over gRPC, as this service. */
export function grpcWishlists(transport: Transport): Wishlists {
  const client = createClient(WishlistService, transport);
  return {
    create: async ({ requestId, customer, title, skus }) => {
      const items = skus.map((sku) => ({ sku }));
      await client.createWishlist({ requestId, wishlist: { customerId: customer, title, items } });
    },
  };
}
