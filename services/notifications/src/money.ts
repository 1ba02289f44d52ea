/** Amounts of money as people write them. Exact: a whole number of minor units never becomes a float. */
import { money } from "@souk/client";
import { DIGITS } from "@souk/client/gen/currencies.js";

import type { Amount } from "./facts.js";

/** The formats of `Intl` cost more than what they write, so they are kept; locales and currencies are few. */
const formats = new Map<string, Intl.NumberFormat>();
const MOST_FORMATS = 1000;

/**
 * Returns an amount in the words of a locale: 1999 GBP in en-GB is `£19.99`, 1999 JPY is `JP¥1,999`. A currency that ISO 4217
 * does not have, or has without a minor unit, is written as its code and the minor units: `XXX 1999`.
 */
export function formatMoney(amount: Amount, locale: string): string {
  // `Intl` knows the digits of cash, which differ from ISO 4217 and change with its version: a hundredth of a forint buys
  // nothing, but prices are counted in it.
  const digits = DIGITS.get(amount.currency);
  if (digits === undefined) return `${amount.currency} ${amount.minor}`;
  const decimal = money.decimal({ currencyCode: amount.currency, minorUnits: amount.minor });
  return formatOf(amount.currency, digits, locale).format(decimal as Intl.StringNumericLiteral);
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
