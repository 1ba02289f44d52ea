/** Amounts of money as people write them. Exact: a whole number of minor units never becomes a float. */
import { readFileSync } from "node:fs";

import type { Amount } from "./facts.js";

/**
 * The digits of each currency's minor unit by ISO 4217. `Intl` knows those of cash, which differ and change with its version: a
 * hundredth of a forint buys nothing, but prices are counted in it.
 */
const DIGITS = readDigits(new URL("../../../libs/souk-types/iso4217.csv", import.meta.url));

/** The formats of `Intl` cost more than what they write, so they are kept; locales and currencies are few. */
const formats = new Map<string, Intl.NumberFormat>();
const MOST_FORMATS = 1000;

/**
 * Returns an amount in the words of a locale: 1999 GBP in en-GB is `£19.99`, 1999 JPY is `JP¥1,999`. A currency that ISO 4217
 * does not have, or has without a minor unit, is written as its code and the minor units: `XXX 1999`.
 */
export function formatMoney(amount: Amount, locale: string): string {
  const digits = DIGITS.get(amount.currency);
  if (digits === undefined) return `${amount.currency} ${amount.minor}`;
  return formatOf(amount.currency, digits, locale).format(decimal(amount.minor, digits) as Intl.StringNumericLiteral);
}

/** Returns minor units as a decimal number: 5 with 2 digits is `0.05`. */
export function decimal(minor: bigint, digits: number): string {
  const sign = minor < 0n ? "-" : "";
  const text = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, "0");
  if (digits === 0) return sign + text;
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

function formatOf(currency: string, digits: number, locale: string): Intl.NumberFormat {
  const key = `${locale} ${currency}`;
  let format = formats.get(key);
  if (format === undefined) {
    if (formats.size >= MOST_FORMATS) formats.clear();
    const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    format = new Intl.NumberFormat(locale, { style: "currency", currency, ...fraction });
    formats.set(key, format);
  }
  return format;
}

function readDigits(file: URL): ReadonlyMap<string, number> {
  const [, ...rows] = readFileSync(file, "utf8").trim().split(/\r?\n/);
  return new Map(rows.map((row) => [row.slice(0, 3), Number(row.slice(4))]));
}
