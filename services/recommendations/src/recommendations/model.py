"""What is learned from all orders at once: which items speak for which. Pure: columns in, a model out.

The method is EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, equation 8): the item-item weights
that best foretell each customer's purchases from their other ones, in closed form. Of each item only the strongest are kept.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from recommendations.purchase import Purchases
from recommendations.quality import Evaluation, MethodQuality

REGULARISATION = 500.0
"""What is added to the diagonal. The quality is flat from 300 to 800 on the retailer's file."""
NEIGHBOURS = 100
"""How many items are kept for each; more make no answer better."""
_MAGIC = b"souk recommendations model 1\n"
_DIGEST_BYTES = 32
_CUSTOMERS_AT_ONCE = 4096

Numbers = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float32]


class ModelRefused(Exception):
    """A stored model cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a model comes from. `change` is the last change of the database that it has learned from."""

    number: int
    change: int
    train_time: int
    train_milliseconds: int
    orders: int
    customers: int
    evaluation: Evaluation | None


@dataclass(frozen=True, slots=True)
class Weighing:
    """How much having bought one item speaks for another: row `i` lists the items for which item `i` speaks most."""

    skus: tuple[str, ...]
    neighbours: Numbers
    weights: Weights

    def digest(self) -> str:
        """Returns the SHA-256 of what was learned, in hexadecimal."""
        whole = hashlib.sha256("\n".join(self.skus).encode())
        whole.update(self.neighbours.tobytes())
        whole.update(self.weights.tobytes())
        return whole.hexdigest()


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned, and from what."""

    provenance: Provenance
    weighing: Weighing

    @property
    def version(self) -> str:
        """Returns the number of the training and the beginning of the digest."""
        return f"{self.provenance.number}-{self.weighing.digest()[:12]}"


def fit(purchases: Purchases, most_skus: int) -> Weighing:
    """Learns from who bought what; how often and when does not matter. Only the `most_skus` most bought skus are learned."""
    known = purchases.customer >= 0
    customer, item = purchases.customer[known], purchases.item[known]
    pairs = np.unique(np.stack([customer, item], 1), axis=0) if len(item) else np.zeros((0, 2), np.int32)
    buyers = np.bincount(pairs[:, 1], minlength=len(purchases.skus))
    learned = np.sort(np.lexsort((np.arange(len(buyers)), -buyers))[:most_skus])
    learned = learned[buyers[learned] > 0]
    skus = tuple(purchases.skus[number] for number in learned.tolist())
    if not skus:
        return Weighing((), np.zeros((0, 0), np.int32), np.zeros((0, 0), np.float32))

    gram = _shared_customers(pairs, learned, len(buyers))
    gram[np.diag_indices_from(gram)] += REGULARISATION
    inverse = np.linalg.inv(gram)
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return _strongest(skus, weights.astype(np.float32))


def to_bytes(model: Model) -> bytes:
    """Writes a model: a mark, the SHA-256 of the rest, the rest."""
    body = io.BytesIO()
    provenance = json.dumps(asdict(model.provenance), sort_keys=True)
    np.savez(
        body,
        provenance=np.frombuffer(provenance.encode(), np.uint8),
        skus=np.frombuffer(json.dumps(model.weighing.skus).encode(), np.uint8),
        neighbours=model.weighing.neighbours,
        weights=model.weighing.weights,
    )
    return _MAGIC + hashlib.sha256(body.getvalue()).digest() + body.getvalue()


def from_bytes(data: bytes) -> Model:
    """Reads a model; raises ModelRefused when it is not exactly what was written."""
    head, body = data[: len(_MAGIC) + _DIGEST_BYTES], data[len(_MAGIC) + _DIGEST_BYTES :]
    if not head.startswith(_MAGIC):
        raise ModelRefused("it is not a model of this version")
    if hashlib.sha256(body).digest() != head[len(_MAGIC) :]:
        raise ModelRefused("its checksum is wrong")
    # What has the right checksum was written by `to_bytes`.
    with np.load(io.BytesIO(body), allow_pickle=False) as parts:
        fields = json.loads(parts["provenance"].tobytes())
        skus = tuple(json.loads(parts["skus"].tobytes()))
        weighing = Weighing(skus, parts["neighbours"], parts["weights"])
    if (evaluation := fields["evaluation"]) is not None:
        methods = tuple(MethodQuality(**method) for method in evaluation["methods"])
        fields["evaluation"] = Evaluation(evaluation["split_time"], evaluation["customers"], methods)
    return Model(Provenance(**fields), weighing)


class Similarity:
    """A model as it is asked, under the numbers of the shelf."""

    def __init__(self, weighing: Weighing, numbers: Sequence[int]) -> None:
        """`numbers` are the shelf's numbers of the model's skus, in the order of the model."""
        to_shelf = np.array(numbers, np.int32)
        self._neighbours = to_shelf[weighing.neighbours] if len(to_shelf) else weighing.neighbours
        self._weights = weighing.weights
        self._rows: Numbers = np.full(int(to_shelf.max()) + 1 if len(to_shelf) else 0, -1, np.int32)
        self._rows[to_shelf] = np.arange(len(to_shelf), dtype=np.int32)

    def scores(self, bought: Sequence[int], length: int) -> npt.NDArray[np.float64]:
        """Returns how much what was bought speaks for each of the first `length` items. Below zero it speaks against."""
        rows = self._rows_of(bought)
        weights = self._weights[rows].ravel().astype(np.float64)
        return np.bincount(self._neighbours[rows].ravel(), weights, minlength=length)[:length].astype(np.float64)

    def because(self, bought: Sequence[int], picks: Sequence[int], length: int) -> list[int]:
        """Returns for each pick what speaks most for it among what was bought; -1 where nothing does."""
        rows = self._rows_of(bought)
        causes = np.array(list(bought), np.int32)[self._has_row(bought)]
        place = np.full(length, -1, np.int32)
        place[list(picks)] = np.arange(len(picks))
        where = place[self._neighbours[rows]]
        strongest, because = np.zeros(len(picks)), np.full(len(picks), -1, np.int64)
        for cause, at in zip(*np.nonzero(where >= 0), strict=True):
            pick, weight = where[cause, at], self._weights[rows[cause], at]
            if weight > strongest[pick]:
                strongest[pick], because[pick] = weight, causes[cause]
        return [int(item) for item in because]

    def _has_row(self, items: Sequence[int]) -> npt.NDArray[np.bool_]:
        numbers = np.array(list(items), np.int64)
        inside = numbers < len(self._rows)
        inside[inside] = self._rows[numbers[inside]] >= 0
        return inside

    def _rows_of(self, items: Sequence[int]) -> Numbers:
        return self._rows[np.array(list(items), np.int64)[self._has_row(items)]]


def _shared_customers(pairs: Numbers, learned: npt.NDArray[np.int64], items: int) -> npt.NDArray[np.float64]:
    """Returns how many customers bought both of two items; some customers at a time, so that memory does not grow with them."""
    column = np.full(items, -1, np.int64)
    column[learned] = np.arange(len(learned))
    pairs = pairs[column[pairs[:, 1]] >= 0]
    gram: npt.NDArray[np.float64] = np.zeros((len(learned), len(learned)))
    customers = np.unique(pairs[:, 0])
    for begin in range(0, len(customers), _CUSTOMERS_AT_ONCE):
        some = customers[begin : begin + _CUSTOMERS_AT_ONCE]
        low, high = np.searchsorted(pairs[:, 0], [some[0], some[-1] + 1])
        bought = np.zeros((len(some), len(learned)), np.float32)
        bought[np.searchsorted(some, pairs[low:high, 0]), column[pairs[low:high, 1]]] = 1.0
        gram += bought.T @ bought
    return gram


def _strongest(skus: tuple[str, ...], weights: Weights) -> Weighing:
    kept = min(NEIGHBOURS, max(1, len(skus) - 1))
    neighbours = np.empty((len(skus), kept), np.int32)
    values = np.empty((len(skus), kept), np.float32)
    for row, line in enumerate(weights):
        strongest = np.argsort(-np.abs(line), kind="stable")[:kept]
        neighbours[row], values[row] = strongest, line[strongest]
    return Weighing(skus, neighbours, values)
