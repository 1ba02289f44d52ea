/**
 * A page of any list: opens its token, asks for one more than the page holds, and issues the next token. A page ends where its
 * count or its bytes are full, so that every gRPC client can read it: most take no message above 4 MiB.
 */
import { toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";

import { invalidPageToken } from "./refusal.js";
import type { Tokens } from "./token.js";

const DEFAULT_SIZE = 100;
/** The most bytes of a page; its first item is on it however long it is. */
const MAX_BYTES = 3 * 1024 * 1024;
/** What a field of a message costs besides its bytes: a tag and a length. */
const FIELD_BYTES = 6;

/** A page, and the token of the next one. */
export interface Page<T, M> {
  /** The items as the contract writes them. */
  items: M[];
  /** Returns the token that continues after the last item; empty when there are no more. */
  next: (positionOf: (last: T) => string) => string;
}

/**
 * Reads a page. `scope` names the method, the caller and the filter, to which the tokens are bound. `fetch` gets the position to
 * continue from, empty at the start, and the most items to read; `write` converts an item. Throws `invalidPageToken`.
 */
export function pageOf<T, S extends DescMessage>(
  tokens: Tokens,
  scope: readonly string[],
  request: { pageSize: number; pageToken: string },
  fetch: (position: string, most: number) => T[],
  schema: S,
  write: (item: T) => MessageShape<S>,
): Page<T, MessageShape<S>> {
  const size = request.pageSize === 0 ? DEFAULT_SIZE : request.pageSize;
  const position = request.pageToken === "" ? "" : tokens.open(scope, request.pageToken);
  if (position === undefined) throw invalidPageToken();
  const found = fetch(position, size + 1);
  const items: MessageShape<S>[] = [];
  let bytes = 0;
  for (const item of found.slice(0, size)) {
    const message = write(item);
    bytes += toBinary(schema, message).length + FIELD_BYTES;
    if (bytes > MAX_BYTES && items.length > 0) break;
    items.push(message);
  }
  const last = found[items.length - 1];
  const hasMore = found.length > items.length && last !== undefined;
  return { items, next: (positionOf) => (hasMore ? tokens.issue(scope, positionOf(last)) : "") };
}
