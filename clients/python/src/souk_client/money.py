"""Amounts of money as decimal text. Exact: whole minor units never become a float, and nothing is rounded."""

from __future__ import annotations

import re

from souk.type.v1.money_pb2 import Money
from souk_client.currencies import DIGITS

_AMOUNT = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))? ([A-Z]{3})")
_LEAST, _MOST = -(2**63), 2**63 - 1
# No amount of 64 bits has more before the point; text that has is not worth a large number.
_MOST_DIGITS = 19


def digits(currency_code: str) -> int:
    """Returns how many digits the minor unit of a currency has by ISO 4217: 2 for GBP, 0 for JPY, 3 for KWD.

    Raises ValueError for a code that is not an active currency.
    """
    try:
        return DIGITS[currency_code]
    except KeyError:
        raise ValueError(f"currency_code must be an ISO 4217 currency such as GBP, not {currency_code}") from None


def decimal(money: Money) -> str:
    """Returns the amount without the currency, for a form or a spreadsheet: `19.99`, `-0.05`, `1999` in JPY.

    Raises ValueError for a currency that ISO 4217 does not have.
    """
    return _decimal(money.minor_units, digits(money.currency_code))


def format(money: Money) -> str:
    """Returns the amount with the currency, the same in every locale: `19.99 GBP`, `-0.05 GBP`, `1999 JPY`, `1.250 KWD`.

    Raises ValueError for a currency that ISO 4217 does not have.
    """
    return f"{decimal(money)} {money.currency_code}"


def parse(text: str) -> Money:
    """Reads what `format` writes. Digits after the point may be left out at the end: `19.9 GBP` is 1990 minor units.

    Raises ValueError for any other text, a currency that ISO 4217 does not have, more digits than the currency has, and an
    amount that 64 bits cannot hold.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError("an amount must be digits with a decimal point, a space and a currency, as in -19.99 GBP or 1999 JPY")
    sign, whole, fraction, currency_code = match.groups(default="")
    count = digits(currency_code)
    if len(fraction) > count:
        raise ValueError(f"an amount must have at most {count} digits after the point in {currency_code}")
    if len(whole) <= _MOST_DIGITS:
        minor_units = int(sign + whole + fraction.ljust(count, "0"))
        if _LEAST <= minor_units <= _MOST:
            return Money(currency_code=currency_code, minor_units=minor_units)
    least, most = _decimal(_LEAST, count), _decimal(_MOST, count)
    raise ValueError(f"an amount must be from {least} to {most} in {currency_code}")


def _decimal(minor_units: int, count: int) -> str:
    sign = "-" if minor_units < 0 else ""
    text = str(abs(minor_units)).rjust(count + 1, "0")
    return f"{sign}{text[:-count]}.{text[-count:]}" if count else sign + text
