/** Lists that come in pages (AIP-158), read as if they did not. */

interface Page {
  nextPageToken: string;
}

/**
 * Asks for page after page until the last.
 *
 * ```ts
 * for await (const page of pages((pageToken) => orders.listOrders({ pageSize: 100, pageToken }))) …
 * ```
 */
export async function* pages<P extends Page>(list: (pageToken: string) => Promise<P>): AsyncGenerator<P, void, void> {
  let token = "";
  do {
    const page = await list(token);
    yield page;
    token = page.nextPageToken;
  } while (token !== "");
}

/**
 * Reads every item of every page; the next page is asked for when its first item is wanted.
 *
 * ```ts
 * for await (const order of items((pageToken) => orders.listOrders({ pageToken }), (page) => page.orders)) …
 * ```
 */
export async function* items<P extends Page, T>(
  list: (pageToken: string) => Promise<P>,
  of: (page: P) => readonly T[],
): AsyncGenerator<T, void, void> {
  for await (const page of pages(list)) yield* of(page);
}
