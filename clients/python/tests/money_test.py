"""Money as text, over the cases that every client shares."""

from pathlib import Path

import pytest

from souk.type.v1.money_pb2 import Money
from souk_client import money

CASES = Path(__file__).parents[3] / "tests/clients/money_cases.csv"


def cases():
    """Returns the text, the minor units (empty when it is refused), and what is written or why it is refused."""
    lines = CASES.read_text(encoding="utf-8").splitlines()[1:]
    return [tuple(line.split(";")) for line in lines]


@pytest.mark.parametrize(("text", "minor_units", "written"), [case for case in cases() if case[1]])
def test_an_amount_is_read_exactly_and_written_as_every_client_writes_it(text, minor_units, written):
    amount = money.parse(text)
    assert amount == Money(currency_code=text[-3:], minor_units=int(minor_units))
    assert money.format(amount) == written
    assert money.decimal(amount) == written[:-4]
    assert money.parse(written) == amount


@pytest.mark.parametrize(("text", "problem"), [(text, problem) for text, minor_units, problem in cases() if not minor_units])
def test_what_is_no_amount_is_refused_with_what_is_allowed(text, problem):
    with pytest.raises(ValueError) as refused:
        money.parse(text)
    assert problem in str(refused.value)


def test_a_line_end_is_no_part_of_an_amount():
    with pytest.raises(ValueError):
        money.parse("19.99 GBP\n")


def test_digits_are_those_of_iso_4217():
    wanted = {"GBP": 2, "JPY": 0, "KWD": 3, "ISK": 0, "HUF": 2, "CLF": 4}
    assert {code: money.digits(code) for code in wanted} == wanted


@pytest.mark.parametrize("code", ["ZZZ", "XXX", "gbp", ""])
def test_an_unknown_currency_has_no_digits_and_is_not_written(code):
    amount = Money(currency_code=code, minor_units=1)
    for ask in (lambda: money.digits(code), lambda: money.decimal(amount), lambda: money.format(amount)):
        with pytest.raises(ValueError, match=f"currency_code must be an ISO 4217 currency such as GBP, not {code}"):
            ask()
