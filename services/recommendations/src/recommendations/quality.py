"""The quality of a ranking, in standard metrics. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

AT = 20
"""How many items of a ranking are looked at."""


@dataclass(frozen=True, slots=True)
class MethodQuality:
    """How well one method did: means over customers, between 0 and 1, of the first 20 items.

    `…_repeat` counts only what the customer had bought before, `…_explore` only what was new to them; each is a mean over the
    customers who bought such things.
    """

    method: str
    recall: float
    ndcg: float
    recall_repeat: float
    ndcg_repeat: float
    recall_explore: float
    ndcg_explore: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A test on orders that were not learned from: those since `split_time`, in microseconds since 1970."""

    split_time: int
    customers: int
    methods: tuple[MethodQuality, ...]

    def method(self, name: str) -> MethodQuality:
        """Returns how well the method of this name did."""
        return next(method for method in self.methods if method.method == name)


def recall(ranking: Sequence[int], relevant: Collection[int]) -> float:
    """Returns the part of what is relevant that is among the first 20 (trec_eval's `recall_20`)."""
    return sum(item in relevant for item in ranking[:AT]) / len(relevant)


def ndcg(ranking: Sequence[int], relevant: Collection[int]) -> float:
    """Returns the normalised discounted cumulative gain of the first 20 (trec_eval's `ndcg_cut_20`).

    A hit at place p counts 1 / log2(p + 1).
    """
    gain = sum(1.0 / math.log2(place + 2) for place, item in enumerate(ranking[:AT]) if item in relevant)
    best = sum(1.0 / math.log2(place + 2) for place in range(min(AT, len(relevant))))
    return gain / best
