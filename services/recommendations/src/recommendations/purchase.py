"""What of an order counts as bought. Pure: no wire, no database, no clock.

**Invariant:** an order stands as its newest version says; what was cancelled or refunded counts no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

DAY_MICROS = 24 * 3600 * 1_000_000


class OrderState(Enum):
    """The state of an order, as far as it matters here."""

    SOLD = "sold"
    """Placed or completed, and not paid back as a whole."""
    UNDONE = "undone"
    """Cancelled, rejected, or paid back as a whole."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order, in units."""

    sku: str
    quantity: int
    refunded_quantity: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order from an event. A sale without a customer has none; `time` is when it happened, in microseconds since 1970."""

    order_id: str
    customer_id: str
    version: int
    time: int
    state: OrderState
    lines: tuple[OrderLine, ...]

    def kept_skus(self) -> list[str]:
        """Returns, each once and in order, the skus of which the customer kept at least one unit."""
        if self.state is OrderState.UNDONE:
            return []
        return list(dict.fromkeys(line.sku for line in self.lines if line.quantity > line.refunded_quantity))


@dataclass(frozen=True, slots=True)
class Claim:
    """What a guest bought and will buy is a customer's, who has claimed the guest."""

    guest_customer_id: str
    customer_id: str


@dataclass(frozen=True, slots=True)
class Bought:
    """One purchase of a customer: a sku in an order at a time, in microseconds since 1970."""

    sku: str
    time: int


@dataclass(frozen=True, slots=True)
class Purchases:
    """Everything that was bought, as columns: what a model learns from. Numbers index `skus`; no customer is -1."""

    skus: tuple[str, ...]
    item: npt.NDArray[np.int32]
    customer: npt.NDArray[np.int32]
    order: npt.NDArray[np.int32]
    time: npt.NDArray[np.int64]

    @staticmethod
    def of(rows: Iterable[tuple[str, str, str, int]]) -> Purchases:
        """Makes columns of rows (order id, customer id, sku, time). In which order the rows come does not matter."""
        found = sorted(set(rows))
        skus = sorted({row[2] for row in found})
        item, order = _numbers(skus), _numbers(sorted({row[0] for row in found}))
        customer = _numbers(sorted({row[1] for row in found if row[1]}))
        return Purchases(
            tuple(skus),
            np.array([item[row[2]] for row in found], np.int32),
            np.array([customer.get(row[1], -1) for row in found], np.int32),
            np.array([order[row[0]] for row in found], np.int32),
            np.array([row[3] for row in found], np.int64),
        )

    def where(self, keep: npt.NDArray[np.bool_]) -> Purchases:
        """Returns the rows that are kept, under the same numbers."""
        return Purchases(self.skus, self.item[keep], self.customer[keep], self.order[keep], self.time[keep])

    @property
    def orders(self) -> int:
        """Returns how many orders there are."""
        return len(np.unique(self.order))

    @property
    def customers(self) -> int:
        """Returns how many customers there are."""
        return len(np.unique(self.customer[self.customer >= 0]))


def _numbers(names: Iterable[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}
