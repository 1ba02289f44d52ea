"""A shop that never was: purchases of customers with tastes and habits, the same for the same seed. For tests and figures."""

from __future__ import annotations

import numpy as np

from recommendations.purchase import DAY_MICROS

FIRST_DAY = 15_000
"""Days after 1970 on which the shop opens."""
_TASTES = 20


def sku(number: int) -> str:
    """Returns the sku of a product."""
    return f"SKU-{number:05}"


def purchases(
    products: int, customers: int, orders: int, seed: int = 1, days: int = 200, lines: int = 12
) -> list[tuple[str, str, str, int]]:
    """Returns rows of (order id, customer id, sku, time), oldest first.

    There are at least 20 products. Each is of one taste, and some are bought far more than others. Each customer has one taste,
    and has bought half of each order before. One order in twenty has no customer.
    """
    random = np.random.default_rng(seed)
    taste_of = np.arange(products) % _TASTES
    fame = 1.0 / np.arange(1, products + 1) ** 0.7
    random.shuffle(fame)
    of_taste = [np.flatnonzero(taste_of == taste) for taste in range(_TASTES)]
    chances = [fame[items] / fame[items].sum() for items in of_taste]
    customer_taste = random.integers(0, _TASTES, customers)
    bought: dict[int, list[int]] = {}
    rows: list[tuple[str, str, str, int]] = []
    for number, day in enumerate(np.sort(random.random(orders) * days).tolist()):
        time = int((FIRST_DAY + day) * DAY_MICROS)
        customer = int(random.integers(customers))
        is_guest = random.random() < 0.05
        taste = int(customer_taste[customer])
        before = [] if is_guest else bought.get(customer, [])
        size = 1 + int(random.poisson(lines - 1))
        again = [before[index] for index in random.integers(0, len(before), size // 2).tolist()] if before else []
        fresh = random.choice(of_taste[taste], size - len(again), p=chances[taste])
        items = sorted({*again, *(int(item) for item in fresh)})
        if not is_guest:
            bought.setdefault(customer, []).extend(items)
        name = "" if is_guest else f"customer-{customer:05}"
        rows += [(f"order-{number:07}", name, sku(item), time) for item in items]
    return rows
