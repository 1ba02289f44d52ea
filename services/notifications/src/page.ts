/** A page of any list: opens its token, asks for one more than the page holds, and issues the next token. */
import { invalidPageToken } from "./error.js";
import type { Tokens } from "./token.js";

const DEFAULT_SIZE = 100;

/** A page, and the token of the next one. */
export interface Page<T> {
  items: T[];
  /** Returns the token that goes on after the last item; empty when there is no more. */
  next: (placeOf: (last: T) => string) => string;
}

/** Reads a page. `fetch` gets the place to go on from, empty at the start, and how many to read at most. */
export function pageOf<T>(
  tokens: Tokens,
  scope: readonly string[],
  request: { pageSize: number; pageToken: string },
  fetch: (place: string, most: number) => T[],
): Page<T> {
  const size = request.pageSize === 0 ? DEFAULT_SIZE : request.pageSize;
  const place = request.pageToken === "" ? "" : tokens.open(scope, request.pageToken);
  if (place === undefined) throw invalidPageToken();
  const found = fetch(place, size + 1);
  const items = found.slice(0, size);
  const last = items.at(-1);
  const hasMore = found.length > size && last !== undefined;
  return { items, next: (placeOf) => (hasMore ? tokens.issue(scope, placeOf(last)) : "") };
}

/** Returns a filter's text; undefined when it is empty, which means that it does not filter. */
export function unlessEmpty(text: string): string | undefined {
  return text === "" ? undefined : text;
}
