/** Amounts of money as decimal text. Exact: whole minor units never become a float, and nothing is rounded. */
import { create } from "@bufbuild/protobuf";

import { DIGITS } from "./gen/currencies.js";
import { type Money, MoneySchema } from "./gen/souk/type/v1/money_pb.js";

/** A message of money, or what one is made of. */
export type Amount = Pick<Money, "currencyCode" | "minorUnits">;

const AMOUNT = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))? ([A-Z]{3})$/;
const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;
/** No amount of 64 bits has more before the point; text that has is not worth a large number. */
const MOST_DIGITS = 19;

/**
 * Returns how many digits the minor unit of a currency has by ISO 4217: 2 for GBP, 0 for JPY, 3 for KWD.
 *
 * @throws RangeError for a code that is not an active currency.
 */
export function digits(currencyCode: string): number {
  const count = DIGITS.get(currencyCode);
  if (count === undefined) throw new RangeError(`currencyCode must be an ISO 4217 currency such as GBP, not ${currencyCode}`);
  return count;
}

/**
 * Returns the amount without the currency, for a form or a spreadsheet: `19.99`, `-0.05`, `1999` in JPY.
 *
 * @throws RangeError for a currency that ISO 4217 does not have.
 */
export function decimal(money: Amount): string {
  return toDecimal(money.minorUnits, digits(money.currencyCode));
}

/**
 * Returns the amount with the currency, the same in every locale: `19.99 GBP`, `-0.05 GBP`, `1999 JPY`, `1.250 KWD`.
 *
 * @throws RangeError for a currency that ISO 4217 does not have.
 */
export function format(money: Amount): string {
  return `${decimal(money)} ${money.currencyCode}`;
}

/**
 * Reads what {@link format} writes. Digits after the point may be left out at the end: `19.9 GBP` is 1990 minor units.
 *
 * @throws RangeError for any other text, a currency that ISO 4217 does not have, more digits than the currency has, and an
 * amount that 64 bits cannot hold.
 */
export function parse(text: string): Money {
  const match = AMOUNT.exec(text);
  if (match === null) {
    throw new RangeError("an amount must be digits with a decimal point, a space and a currency, as in -19.99 GBP or 1999 JPY");
  }
  const [, sign = "", whole = "", fraction = "", currencyCode = ""] = match;
  const count = digits(currencyCode);
  if (fraction.length > count) throw new RangeError(`an amount must have at most ${count} digits after the point in ${currencyCode}`);
  if (whole.length <= MOST_DIGITS) {
    const minorUnits = BigInt(sign + whole + fraction.padEnd(count, "0"));
    if (minorUnits >= LEAST && minorUnits <= MOST) return create(MoneySchema, { currencyCode, minorUnits });
  }
  throw new RangeError(`an amount must be from ${toDecimal(LEAST, count)} to ${toDecimal(MOST, count)} in ${currencyCode}`);
}

function toDecimal(minorUnits: bigint, count: number): string {
  const sign = minorUnits < 0n ? "-" : "";
  const text = (minorUnits < 0n ? -minorUnits : minorUnits).toString().padStart(count + 1, "0");
  return count === 0 ? sign + text : `${sign}${text.slice(0, -count)}.${text.slice(-count)}`;
}
