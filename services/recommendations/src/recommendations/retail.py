"""The retailer's invoices, "Online Retail" of the UCI Machine Learning Repository, as purchases. For evaluation only.

The rules are those by which `souk replay` sells the file: a product is five digits and an optional suffix of letters, an order
is what an invoice sells at a price, and a cancellation takes back what the same customer bought at that price, latest first.
"""

from __future__ import annotations

import csv
import lzma
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from recommendations.purchase import Purchases

_PRODUCT = re.compile(r"[0-9]{5}[A-Z]*")


class _Line:
    """One line that was sold, and how much of it is left."""

    __slots__ = ("customer", "left", "order", "sku", "time")

    def __init__(self, order: str, customer: str, sku: str, time: int, left: int) -> None:
        self.order, self.customer, self.sku, self.time, self.left = order, customer, sku, time, left


def read(path: Path) -> Purchases:
    """Reads a file, `.csv` or `.csv.xz`. An order's time is that of its first line."""
    lines: list[_Line] = []
    open_lines: defaultdict[tuple[str, str, Decimal], list[_Line]] = defaultdict(list)
    times: dict[str, int] = {}
    for row in _rows(path):
        sku, invoice, customer = row["StockCode"].upper(), row["InvoiceNo"], row["CustomerID"].removesuffix(".0")
        quantity, price = int(Decimal(row["Quantity"])), Decimal(row["UnitPrice"])
        if not _PRODUCT.fullmatch(sku) or price <= 0 or price * 100 % 1:
            continue
        sold_at = (customer, sku, price)
        if invoice[0].isdigit() and quantity > 0:
            line = _Line(invoice, customer, sku, times.setdefault(invoice, _time(row["InvoiceDate"])), quantity)
            lines.append(line)
            open_lines[sold_at].append(line)
        elif invoice.startswith("C") and quantity < 0 and customer:
            _take_back(open_lines[sold_at], -quantity)
    return Purchases.of((line.order, line.customer, line.sku, line.time) for line in lines if line.left > 0)


def _take_back(lines: list[_Line], quantity: int) -> None:
    for line in reversed(lines):
        taken = min(quantity, line.left)
        line.left -= taken
        quantity -= taken
        if not quantity:
            break


def _rows(path: Path) -> Iterator[dict[str, str]]:
    opened = lzma.open if path.suffix == ".xz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _time(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000
