"""The counts of what was sold: always those of the orders that are held."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np

from recommendations.history import HALF_LIFE_DAYS, History
from recommendations.purchase import DAY_MICROS

DAY = DAY_MICROS


def an_order_weighs_half_as_much_after_a_half_life() -> None:
    history = History(10)
    history.put("old", 0, [0])
    history.put("new", int(HALF_LIFE_DAYS * DAY), [1])
    assert history.weights(2).tolist() == [0.5, 1.0]
    assert history.shares(2).tolist() == [1 / 3, 2 / 3]


def an_order_that_is_undone_leaves_no_trace() -> None:
    history = History(10)
    history.put("a", 3 * DAY, [0, 1])
    history.put("b", 700 * DAY, [1, 2])
    history.put("b", 700 * DAY, [])
    history.put("c", 0, [])
    assert (history.orders, history.counts(3).tolist()) == (1, [1, 1, 0])
    assert history.weights(3)[2] == 0.0
    assert history.shares(3).tolist() == [1.0, 1.0, 0.0]
    assert history.together([1], 3)[0].tolist()[2] == 0.0


def what_an_order_lost_is_not_bought_together_with_what_it_kept() -> None:
    history = History(10)
    history.put("a", 0, [0, 1, 2])
    history.put("a", 0, [0, 1])
    scores, because = history.together([2], 3)
    assert not scores.any()
    assert because.tolist() == [-1, -1, -1]
    assert history.together([0], 3)[1].tolist() == [-1, 0, -1]


def the_oldest_orders_make_room() -> None:
    history = History(3)
    for number in range(5):
        history.put(f"o{number}", number * DAY, [number])
    assert (history.orders, history.counts(5).tolist()) == (3, [0, 0, 1, 1, 1])
    assert history.is_full


def counts_and_shares_are_those_of_a_plain_model_after_any_walk() -> None:
    for seed in range(20):
        chance = random.Random(seed)
        history, orders = History(15), dict[str, tuple[int, list[int]]]()
        for _ in range(200):
            name, time = f"o{chance.randrange(30)}", chance.randrange(300) * DAY
            items = chance.sample(range(12), chance.randrange(5))
            history.put(name, time, items)
            orders.pop(name, None)
            if items:
                orders[name] = (time, items)
            while len(orders) > 15:
                orders.pop(next(iter(orders)))
        newest = max(time for time, _ in orders.values())
        counts = Counter(item for _, items in orders.values() for item in items)
        weights, total = dict.fromkeys(range(12), 0.0), 0.0
        for time, items in orders.values():
            weight = 2.0 ** ((time - newest) / DAY / HALF_LIFE_DAYS)
            total += weight
            for item in items:
                weights[item] += weight
        assert history.counts(12).tolist() == [counts[item] for item in range(12)]
        expected = np.array([weights[item] / total for item in range(12)])
        assert np.allclose(history.shares(12), expected, atol=1e-4)
        shared = Counter(other for _, items in orders.values() if 0 in items for other in items if other)
        assert set(np.flatnonzero(history.together([0], 12)[0]).tolist()) == set(shared)


def a_large_basket_is_counted_too() -> None:
    history = History(1000)
    for number in range(200):
        history.put(f"o{number}", number, [number % 100, 100 + number % 3])
    scores, because = history.together(list(range(100)), 103)
    assert scores[100:].min() > 0
    assert set(because[100:].tolist()) <= set(range(100))
