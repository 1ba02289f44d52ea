"""What was sold, in memory: how many orders have each item, and which items are in one order. It is up to date with every
order and waits for no training.

**Invariant:** the counts are those of the orders that are held. The oldest make room when there are too many.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from recommendations.purchase import DAY_MICROS

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]

HALF_LIFE_DAYS = 21.0
"""After this many days an order counts half as much for popularity."""
MOST_ORDERS_READ = 2_000
"""How many orders are read to find what is bought together with a basket; the newest of each item."""
LEAST_ORDERS_READ = 20
"""How many orders of each item of a large basket are read at least."""
DOUBT = 3.0
"""How many orders two items must share before that counts for much: keeps chance from the top."""
# Weights are whole numbers, so that taking one away leaves exactly what was there before: 1 for whatever is that many
# half-lives old, up to 2 ** 35. The sum of 2 ** 28 orders fits.
_OLDEST_HALF_LIVES = 30.0
_REFERENCE_HALF_LIVES = 5.0


class History:
    """The newest orders, and their counts by item."""

    def __init__(self, most_orders: int) -> None:
        self._most_orders = most_orders
        self._places: OrderedDict[str, int] = OrderedDict()
        """Order ids, oldest first, and the place of each."""
        self._items: dict[int, Numbers] = {}
        self._times: dict[int, int] = {}
        self._next_place = 0
        self._holders: list[deque[int]] = []
        """By item, the places of the orders that have it, ascending. Some of those orders may be gone."""
        self._count: npt.NDArray[np.int64] = np.zeros(64, np.int64)
        self._weight: npt.NDArray[np.int64] = np.zeros(64, np.int64)
        self._total_weight = 0
        self._reference = 0
        self._newest = 0

    @property
    def orders(self) -> int:
        """Returns how many orders are held."""
        return len(self._places)

    @property
    def is_full(self) -> bool:
        """Returns whether older orders may have made room for newer ones."""
        return len(self._places) >= self._most_orders

    def put(self, order_id: str, time: int, items: Sequence[int]) -> None:
        """Takes over what an order has now, in place of what it had; none when it does not count any more."""
        self._forget(order_id)
        if not items:
            return
        self._advance(time)
        place, self._next_place = self._next_place, self._next_place + 1
        numbers = np.array(sorted(set(items)), np.int32)
        self._grow(int(numbers[-1]) + 1)
        self._places[order_id], self._items[place], self._times[place] = place, numbers, time
        for item in numbers.tolist():
            self._holders[item].append(place)
        weight = self._weigh(time)
        self._count[numbers] += 1
        self._weight[numbers] += weight
        self._total_weight += weight
        while len(self._places) > self._most_orders:
            self._forget(next(iter(self._places)))

    def counts(self, length: int) -> npt.NDArray[np.int64]:
        """Returns how many orders have each of the first `length` items."""
        self._grow(length)
        return self._count[:length]

    def weights(self, length: int) -> Floats:
        """Returns how many orders have each of the first `length` items, as if the newest counted one and older ones less."""
        self._grow(length)
        return self._weight[:length] / self._weigh(self._newest)

    def shares(self, length: int) -> Floats:
        """Returns the part of the orders that has each of the first `length` items, newer orders counting more."""
        self._grow(length)
        return self._weight[:length] / max(1, self._total_weight)

    def together(self, basket: Sequence[int], length: int) -> tuple[Floats, Numbers]:
        """Returns how much each of the first `length` items is bought in one order with a basket, and with which of it most.

        For two items it is the number of orders that have both, over the geometric mean of the numbers of those that have one
        (the cosine), with some doubt.
        """
        self._grow(length)
        scores, strongest = np.zeros(length), np.zeros(length)
        because = np.full(length, -1, np.int32)
        most = max(LEAST_ORDERS_READ, MOST_ORDERS_READ // max(1, len(basket)))
        for item in dict.fromkeys(basket):
            if item >= length:
                continue
            orders = [self._items[place] for place in islice(reversed(self._holders[item]), most) if place in self._items]
            if not orders:
                continue
            shared = np.bincount(np.concatenate(orders), minlength=length)[:length].astype(np.float64)
            shared[item] = 0.0
            strength = shared / (np.sqrt(len(orders) * np.maximum(self._count[:length], 1.0)) + DOUBT)
            scores += strength
            is_stronger = strength > strongest
            because[is_stronger] = item
            np.maximum(strongest, strength, out=strongest)
        return scores, because

    def _forget(self, order_id: str) -> None:
        place = self._places.pop(order_id, None)
        if place is None:
            return
        numbers, weight = self._items.pop(place), self._weigh(self._times.pop(place))
        self._count[numbers] -= 1
        self._weight[numbers] -= weight
        self._total_weight -= weight
        oldest = next(iter(self._places.values()), self._next_place)
        for item in numbers.tolist():
            holders = self._holders[item]
            while holders and holders[0] < oldest:
                holders.popleft()

    def _weigh(self, time: int) -> int:
        """Returns what an order weighs. Whatever is very old weighs the same very little."""
        return int(2.0 ** max(0.0, _OLDEST_HALF_LIVES + _half_lives(time - self._reference)) + 0.5)

    def _advance(self, time: int) -> None:
        """Moves the reference along with time, so that weights stay within their range."""
        self._newest = max(self._newest, time)
        if _half_lives(self._newest - self._reference) <= _REFERENCE_HALF_LIVES:
            return
        self._reference = self._newest
        self._weight[:] = 0
        for place, numbers in self._items.items():
            self._weight[numbers] += self._weigh(self._times[place])
        self._total_weight = sum(self._weigh(self._times[place]) for place in self._items)

    def _grow(self, length: int) -> None:
        while len(self._holders) < length:
            self._holders.append(deque())
        if length > len(self._count):
            more = max(length, 2 * len(self._count)) - len(self._count)
            self._count = np.concatenate([self._count, np.zeros(more, np.int64)])
            self._weight = np.concatenate([self._weight, np.zeros(more, np.int64)])


def _half_lives(micros: int) -> float:
    return micros / (HALF_LIFE_DAYS * DAY_MICROS)
