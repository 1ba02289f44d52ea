import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { create, type MessageInitShape } from "@bufbuild/protobuf";

import { BadRequestSchema, Refusal, Tokens, pageOf } from "../src/index.js";
import { HappenedSchema } from "./gen/souk/echo/v1/events_pb.js";

const tokens = new Tokens(Buffer.from("key"));

/** Reads a list to its end, in pages of at most this size; returns the numbers on each. */
function pagesOf(all: readonly { number: number; bytes: number }[], pageSize: number): number[][] {
  const pages: number[][] = [];
  let pageToken = "";
  do {
    const fetch = (position: string, most: number) => all.filter(({ number }) => number > Number(position)).slice(0, most);
    const write = ({ number, bytes }: (typeof all)[number]) => create(HappenedSchema, { number: BigInt(number), name: "x".repeat(bytes) });
    const page = pageOf(tokens, ["List"], { pageSize, pageToken }, fetch, HappenedSchema, write);
    pages.push(page.items.map(({ number }) => Number(number)));
    pageToken = page.next(({ number }) => String(number));
  } while (pageToken !== "");
  return pages;
}

test("a token opens in its own scope only, and not when it was changed", () => {
  const token = tokens.issue(["List", "user:alice"], "42");
  equal(tokens.open(["List", "user:alice"], token), "42");
  equal(tokens.open(["List", "user:bob"], token), undefined);
  equal(tokens.open(["List", "user:alice", ""], token), undefined);
  for (const bad of ["", "x", `${token}A`, token.slice(2), token.replace(/^./, (first) => (first === "A" ? "B" : "A"))]) {
    equal(tokens.open(["List", "user:alice"], bad), undefined, bad);
  }
  equal(new Tokens(Buffer.from("other")).open(["List", "user:alice"], token), undefined);
});

test("pages hold everything once, in order", () => {
  const all = Array.from({ length: 7 }, (_, index) => ({ number: index + 1, bytes: 1 }));
  deepEqual(pagesOf(all, 3), [[1, 2, 3], [4, 5, 6], [7]]);
  deepEqual(pagesOf(all, 0), [[1, 2, 3, 4, 5, 6, 7]]);
  deepEqual(pagesOf([], 3), [[]]);
});

test("a page ends at three mebibytes whatever size was asked for, and holds at least one item", () => {
  const all = Array.from({ length: 9 }, (_, index) => ({ number: index + 1, bytes: index === 4 ? 5 << 20 : 1 << 20 }));
  deepEqual(pagesOf(all, 1000), [[1, 2], [3, 4], [5], [6, 7], [8, 9]]);
});

test("a page token that was not issued for this list is refused, and the field is named", () => {
  const forged = () => pageOf(tokens, ["List"], { pageSize: 3, pageToken: "forged" }, () => [], HappenedSchema, (one) => one);
  throws(forged, (error) => {
    if (!(error instanceof Refusal)) return false;
    equal(error.reason, "ERROR_REASON_INVALID_PAGE_TOKEN");
    equal(error.message, "the page token is not valid for this caller and this list");
    const [request] = error.details.filter(({ desc }) => desc.typeName === BadRequestSchema.typeName);
    const { fieldViolations = [] } = request?.value as MessageInitShape<typeof BadRequestSchema>;
    deepEqual(fieldViolations.map(({ field }) => field), ["page_token"]);
    return true;
  });
});
