"""What to show, in which order, and why. Pure: shelf, history and model in, picks out.

An answer is filled from one source after the other: what the customer bought, what is in the basket, what is popular. Each pick
says from which it comes. **Invariant:** each pick is for sale, no two are of one product, none is of one that was left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from recommendations.history import History
from recommendations.model import Similarity
from recommendations.purchase import DAY_MICROS
from recommendations.shelf import Shelf

Floats = npt.NDArray[np.float64]

AGAIN = 2.5
"""How much having bought an item speaks for buying it again, against how much the model speaks for new ones."""
AGAIN_HALF_LIFE_DAYS = 120.0
"""After this many days, before the customer's last purchase, a purchase counts half as much for buying it again."""
LEAST_SHARE = 0.001
"""The share of orders that an item is taken to have at least, when it is weighed for being bought again."""
NEWEST_BOUGHT = 50
"""How many of the customer's newest items are looked up for what is bought together with them."""


class Reason(Enum):
    """Why an item is shown."""

    BOUGHT_BEFORE = "bought before"
    SIMILAR_TO = "similar to"
    BOUGHT_TOGETHER_WITH = "bought together with"
    POPULAR = "popular"


class Basis(Enum):
    """What an item was found from."""

    PERSONAL = "personal"
    BASKET = "basket"
    POPULAR = "popular"


@dataclass(frozen=True, slots=True)
class Pick:
    """One item of an answer; `because` is the item that caused it, if one did."""

    item: int
    score: float
    reason: Reason
    because: int | None
    basis: Basis


@dataclass(frozen=True, slots=True)
class Purchase:
    """One item that the customer bought, at a time in microseconds since 1970."""

    item: int
    time: int


class Ranking:
    """The ways to rank what is on the shelf by what is known at this moment."""

    def __init__(self, shelf: Shelf, history: History, similarity: Similarity | None) -> None:
        self._shelf = shelf
        self._history = history
        self._similarity = similarity

    def recommend(
        self, bought: Sequence[Purchase], basket: Sequence[int], most: int, *, exclude_purchased: bool = False
    ) -> list[Pick]:
        """Ranks for a customer who bought this, newest first, and has this in the basket; both may be empty.

        `exclude_purchased` leaves out what was bought before.
        """
        answer = _Answer(self._shelf, most, basket)
        if exclude_purchased:
            answer.leave_out([purchase.item for purchase in bought])
        if bought:
            self._add_personal(answer, bought)
            newest = list(dict.fromkeys(purchase.item for purchase in bought))[:NEWEST_BOUGHT]
            self._add_together(answer, newest, Basis.PERSONAL)
        self._add_together(answer, basket, Basis.BASKET)
        return self._add_popular(answer)

    def similar(self, item: int, most: int) -> list[Pick]:
        """Ranks by what customers who buy an item also buy."""
        answer = _Answer(self._shelf, most, [item])
        if self._similarity is not None:
            scores = self._similarity.scores([item], len(self._shelf))
            answer.add(scores, Basis.BASKET, lambda picks: [(Reason.SIMILAR_TO, item)] * len(picks))
        self._add_together(answer, [item], Basis.BASKET)
        return self._add_popular(answer)

    def together(self, basket: Sequence[int], most: int) -> list[Pick]:
        """Ranks by what is bought in one order with what is in a basket."""
        answer = _Answer(self._shelf, most, basket)
        self._add_together(answer, basket, Basis.BASKET)
        return self._add_popular(answer)

    def popular(self, most: int) -> list[Pick]:
        """Ranks by how many orders have an item, newer ones counting more."""
        return self._add_popular(_Answer(self._shelf, most, []))

    def _add_personal(self, answer: _Answer, bought: Sequence[Purchase]) -> None:
        """Adds what is likely to be bought again, and what else the model expects, on one scale.

        An item is bought again the more often and the more lately it was bought, and the more everybody buys it.
        """
        length = len(self._shelf)
        items = np.array([purchase.item for purchase in bought], np.int64)
        times = np.array([purchase.time for purchase in bought], np.float64)
        half_lives = (times.max() - times) / (AGAIN_HALF_LIFE_DAYS * DAY_MICROS)
        often = np.bincount(items, 2.0**-half_lives, minlength=length)
        before = np.flatnonzero(often)
        scores = np.zeros(length)
        if self._similarity is not None:
            scores = np.maximum(self._similarity.scores(before.tolist(), length), 0.0)
        scores[before] = AGAIN * often[before] * np.sqrt(self._history.shares(length)[before] + LEAST_SHARE)

        def why(picks: list[int]) -> list[tuple[Reason, int | None]]:
            new = [pick for pick in picks if not often[pick]]
            causes: dict[int, int] = {}
            if self._similarity is not None and new:
                causes = dict(zip(new, self._similarity.because(before.tolist(), new, length), strict=True))
            return [(Reason.SIMILAR_TO, causes[pick]) if pick in causes else (Reason.BOUGHT_BEFORE, pick) for pick in picks]

        answer.add(scores, Basis.PERSONAL, why)

    def _add_together(self, answer: _Answer, basket: Sequence[int], basis: Basis) -> None:
        if not basket or answer.is_full:
            return
        scores, because = self._history.together(basket, len(self._shelf))
        answer.add(scores, basis, lambda picks: [(Reason.BOUGHT_TOGETHER_WITH, int(because[pick])) for pick in picks])

    def _add_popular(self, answer: _Answer) -> list[Pick]:
        if not answer.is_full:
            scores = self._history.weights(len(self._shelf))
            answer.add(scores, Basis.POPULAR, lambda picks: [(Reason.POPULAR, None)] * len(picks))
        return answer.picks


class _Answer:
    """An answer that is being filled."""

    def __init__(self, shelf: Shelf, most: int, left_out: Sequence[int]) -> None:
        """The products of what is left out are left out too."""
        self.picks: list[Pick] = []
        self._shelf = shelf
        self._most = most
        self._may_be_shown = shelf.is_for_sale.copy()
        self._products: set[int] = set()
        self.leave_out(left_out)
        self._products.update(shelf.product[list(left_out)].tolist())

    def leave_out(self, items: Sequence[int]) -> None:
        self._may_be_shown[list(items)] = False

    @property
    def is_full(self) -> bool:
        return len(self.picks) >= self._most

    def add(self, scores: Floats, basis: Basis, why: Callable[[list[int]], Sequence[tuple[Reason, int | None]]]) -> None:
        """Adds the best of what has a score above zero; of equal ones, the one that was known first."""
        candidates = np.flatnonzero((scores > 0.0) & self._may_be_shown)
        chosen: list[int] = []
        look = 4 * self._most
        while True:
            # Most of a large shelf never comes near the top: it is not sorted.
            best = candidates
            if len(best) > look:
                bar = np.partition(scores[best], len(best) - look)[len(best) - look]
                best = best[scores[best] >= bar]
            chosen = self._one_of_each_product(best[np.lexsort((best, -scores[best]))].tolist())
            if len(best) == len(candidates) or len(self.picks) + len(chosen) >= self._most:
                break
            look *= 4
        for item, (reason, because) in zip(chosen, why(chosen), strict=True):
            self._products.add(int(self._shelf.product[item]))
            self.picks.append(Pick(item, float(scores[item]), reason, because, basis))

    def _one_of_each_product(self, ranked: list[int]) -> list[int]:
        chosen: list[int] = []
        products = set(self._products)
        for item in ranked:
            if len(self.picks) + len(chosen) >= self._most:
                break
            product = int(self._shelf.product[item])
            if product not in products:
                products.add(product)
                chosen.append(item)
        return chosen
