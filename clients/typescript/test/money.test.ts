/** Money as text, over the cases that every client shares. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";

import { MoneySchema } from "../src/gen/souk/type/v1/money_pb.js";
import { money } from "../src/index.js";

/** The text, the minor units (empty when it is refused), and what is written or why it is refused. */
function cases(): [string, string, string][] {
  const file = new URL("../../../../tests/clients/money_cases.csv", import.meta.url);
  const [, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const [text = "", minorUnits = "", outcome = ""] = line.split(";");
    return [text, minorUnits, outcome];
  });
}

function saying(problem: string): (error: unknown) => boolean {
  return (error) => error instanceof RangeError && error.message.includes(problem);
}

test("an amount is read exactly and written as every client writes it", () => {
  const exact = cases().filter(([, minorUnits]) => minorUnits !== "");
  assert.ok(exact.length > 10);
  for (const [text, minorUnits, written] of exact) {
    const amount = money.parse(text);
    assert.deepEqual(amount, create(MoneySchema, { currencyCode: text.slice(-3), minorUnits: BigInt(minorUnits) }), text);
    assert.equal(money.format(amount), written);
    assert.equal(money.decimal(amount), written.slice(0, -4));
    assert.deepEqual(money.parse(written), amount);
  }
});

test("what is no amount is refused with what is allowed", () => {
  const refused = cases().filter(([, minorUnits]) => minorUnits === "");
  assert.ok(refused.length > 10);
  for (const [text, , problem] of refused) assert.throws(() => money.parse(text), saying(problem), text);
  assert.throws(() => money.parse("19.99 GBP\n"), RangeError);
});

test("digits are those of ISO 4217", () => {
  for (const [code, digits] of Object.entries({ GBP: 2, JPY: 0, KWD: 3, ISK: 0, HUF: 2, CLF: 4 })) assert.equal(money.digits(code), digits);
});

test("an unknown currency has no digits and is not written", () => {
  for (const currencyCode of ["ZZZ", "XXX", "gbp", ""]) {
    const problem = saying(`currencyCode must be an ISO 4217 currency such as GBP, not ${currencyCode}`);
    const amount = { currencyCode, minorUnits: 1n };
    for (const ask of [() => money.digits(currencyCode), () => money.decimal(amount), () => money.format(amount)]) {
      assert.throws(ask, problem);
    }
  }
});
