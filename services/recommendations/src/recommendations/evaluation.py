"""How well what is served foretells what customers buy: learned from the orders before a moment, held against later ones.

Each method ranks every sku that was sold before that moment, for each customer with orders on both sides. What is measured is
the code that serves, not a copy of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recommendations import model, quality
from recommendations.history import History
from recommendations.model import Similarity
from recommendations.purchase import Purchases
from recommendations.quality import AT, Evaluation, MethodQuality
from recommendations.ranking import Pick, Purchase, Ranking
from recommendations.shelf import Shelf

MODEL, POPULARITY, PERSONAL_FREQUENCY = "model", "popularity", "personal frequency"
MODEL_NEW, POPULARITY_NEW = "model, only new items", "popularity, only new items"
LEAST_CUSTOMERS = 30
"""With fewer customers than this on both sides an evaluation says nothing."""
BACKTEST_SHARE = 0.2
"""The newest part of the orders, which a training is tested on."""

Method = Callable[[int], list[int]]


@dataclass(frozen=True, slots=True)
class Split:
    """What was bought before a moment, and by whom what after it. Numbers are those of the purchases' skus."""

    time: int
    before: Purchases
    bought: dict[int, list[Purchase]]
    """By customer, newest first."""
    relevant: dict[int, set[int]]
    """By customer with orders on both sides: what they bought after it and could be foretold, because it was sold before."""
    unforeseeable: int
    """How many of these customers' items were never sold before."""

    @staticmethod
    def at(purchases: Purchases, time: int) -> Split:
        """Splits by the time of the orders."""
        before, after = purchases.where(purchases.time < time), purchases.where(purchases.time >= time)
        bought: defaultdict[int, list[Purchase]] = defaultdict(list)
        for row in np.lexsort((before.item, -before.time)).tolist():
            if (customer := int(before.customer[row])) >= 0:
                bought[customer].append(Purchase(int(before.item[row]), int(before.time[row])))
        sold = set(before.item.tolist())
        relevant: defaultdict[int, set[int]] = defaultdict(set)
        unforeseeable: set[tuple[int, int]] = set()
        for customer, item in zip(after.customer.tolist(), after.item.tolist(), strict=True):
            if customer not in bought:
                continue
            if item in sold:
                relevant[customer].add(item)
            else:
                unforeseeable.add((customer, item))
        return Split(time, before, dict(bought), dict(sorted(relevant.items())), len(unforeseeable))


def evaluate(split: Split, most_skus: int) -> Evaluation:
    """Returns how well the model and the two floors did; beside them, both when only new items are asked for."""
    rankings = {name: rank(split, method) for name, method in methods(split, most_skus).items()}
    qualities = tuple(measure(split, name, ranking) for name, ranking in rankings.items())
    return Evaluation(split.time, len(split.relevant), qualities)


def backtest(purchases: Purchases, most_skus: int) -> Evaluation | None:
    """Evaluates on the newest fifth of the orders; none when there are too few customers."""
    if not len(purchases.time):
        return None
    _, first = np.unique(purchases.order, return_index=True)
    split = Split.at(purchases, int(np.quantile(purchases.time[first], 1.0 - BACKTEST_SHARE, method="nearest")))
    return evaluate(split, most_skus) if len(split.relevant) >= LEAST_CUSTOMERS else None


def methods(split: Split, most_skus: int) -> dict[str, Method]:
    """Returns what ranks the first 20 items for a customer, by the name of the method."""
    skus = split.before.skus
    weighing = model.fit(split.before, most_skus)
    shelf, history = Shelf(), History(len(split.before.order) or 1)
    for number, sku in enumerate(skus):
        shelf.put_product(sku, sku, is_active=True)
        assert shelf.number(sku) == number
    sold = np.unique(split.before.item)
    for number in sold.tolist():
        shelf.put_variant(skus[number], skus[number], "")
    for order, time, items in _orders(split.before):
        history.put(str(order), time, items)
    ranking = Ranking(shelf, history, Similarity(weighing, [shelf.number(sku) for sku in weighing.skus]))

    orders_with = history.counts(len(skus))
    popular = sorted(sold.tolist(), key=lambda item: (-orders_with[item], item))

    def frequent(customer: int) -> list[int]:
        times: defaultdict[int, int] = defaultdict(int)
        for purchase in split.bought[customer]:
            times[purchase.item] += 1
        own = sorted(times, key=lambda item: (-times[item], -orders_with[item], item))[:AT]
        return own + [item for item in popular[: 2 * AT] if item not in times][: AT - len(own)]

    def popular_and_new(customer: int) -> list[int]:
        before = _items(split, customer)
        return [item for item in popular if item not in before][:AT]

    return {
        MODEL: lambda customer: _items_of(ranking.recommend(split.bought[customer], [], AT)),
        POPULARITY: lambda _: popular[:AT],
        PERSONAL_FREQUENCY: frequent,
        MODEL_NEW: lambda customer: _items_of(ranking.recommend(split.bought[customer], [], AT, exclude_purchased=True)),
        POPULARITY_NEW: popular_and_new,
    }


def rank(split: Split, method: Method) -> dict[int, list[int]]:
    """Returns what a method ranks first for each customer who is asked about."""
    return {customer: method(customer) for customer in split.relevant}


def measure(split: Split, name: str, rankings: dict[int, list[int]]) -> MethodQuality:
    """Returns the means over the customers, of everything and of what is bought again and for the first time apart."""
    means: list[float] = []
    for part in (everything, repeated, explored):
        relevant = part(split)
        for figure in (quality.recall, quality.ndcg):
            means.append(float(np.mean([figure(rankings[one], items) for one, items in relevant.items()])) if relevant else 0.0)
    return MethodQuality(name, *means)


def everything(split: Split) -> dict[int, set[int]]:
    """Returns by customer all that should be foretold."""
    return split.relevant


def repeated(split: Split) -> dict[int, set[int]]:
    """Returns by customer what they had bought before, for those who bought such."""
    return _not_empty({customer: items & _items(split, customer) for customer, items in split.relevant.items()})


def explored(split: Split) -> dict[int, set[int]]:
    """Returns by customer what was new to them, for those who bought such."""
    return _not_empty({customer: items - _items(split, customer) for customer, items in split.relevant.items()})


def _items_of(picks: list[Pick]) -> list[int]:
    return [pick.item for pick in picks]


def _items(split: Split, customer: int) -> set[int]:
    return {purchase.item for purchase in split.bought[customer]}


def _not_empty(parts: dict[int, set[int]]) -> dict[int, set[int]]:
    return {customer: items for customer, items in parts.items() if items}


def _orders(purchases: Purchases) -> list[tuple[int, int, list[int]]]:
    """Returns (order, time, items), oldest first."""
    items: defaultdict[int, list[int]] = defaultdict(list)
    times: dict[int, int] = {}
    for order, item, time in zip(purchases.order.tolist(), purchases.item.tolist(), purchases.time.tolist(), strict=True):
        items[order].append(item)
        times[order] = time
    return sorted(((order, times[order], items[order]) for order in items), key=lambda one: (one[1], one[0]))
