/** Amounts of money as people write them. Exact: a whole number of minor units never becomes a float. */
import type { Amount } from "./facts.js";

/** The formats of `Intl` cost more than what they write, so they are kept; locales and currencies are few. */
const formats = new Map<string, Intl.NumberFormat>();
const MOST_FORMATS = 1000;

/** Returns an amount in the words of a locale: 1999 GBP in en-GB is `£19.99`, 1999 JPY is `JP¥1,999`. */
export function formatMoney(amount: Amount, locale: string): string {
  const format = formatOf(amount.currency, locale);
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(decimal(amount.minor, digits) as Intl.StringNumericLiteral);
}

/** Returns minor units as a decimal number: 5 with 2 digits is `0.05`. */
export function decimal(minor: bigint, digits: number): string {
  const sign = minor < 0n ? "-" : "";
  const text = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, "0");
  if (digits === 0) return sign + text;
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

function formatOf(currency: string, locale: string): Intl.NumberFormat {
  const key = `${locale} ${currency}`;
  let format = formats.get(key);
  if (format === undefined) {
    if (formats.size >= MOST_FORMATS) formats.clear();
    format = new Intl.NumberFormat(locale, { style: "currency", currency });
    formats.set(key, format);
  }
  return format;
}
