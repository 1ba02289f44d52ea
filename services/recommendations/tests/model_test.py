"""What is learned: the closed form, its file, and how it is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recommendations import evaluation, generated, model, model_file
from recommendations.evaluation import MODEL, PERSONAL_FREQUENCY, POPULARITY
from recommendations.model import Model, ModelRefused, Provenance, Similarity
from recommendations.purchase import Purchases

ROWS = generated.purchases(products=120, customers=80, orders=600)


def trained(change: int = 1) -> Model:
    purchases = Purchases.of(ROWS)
    tested = evaluation.backtest(purchases, 8000)
    return Model(Provenance(1, change, 1, 1, purchases.orders, purchases.customers, tested), model.fit(purchases, 8000))


def the_weights_are_those_of_the_paper() -> None:
    purchases = Purchases.of(ROWS)
    weighing = model.fit(purchases, 8000)
    count = len(weighing.skus)
    bought = np.zeros((80, count))
    for customer, item in zip(purchases.customer.tolist(), purchases.item.tolist(), strict=True):
        if customer >= 0:
            bought[customer, weighing.skus.index(purchases.skus[item])] = 1.0
    gram = bought.T @ bought
    # Each column on its own, as the least-squares problem of which the paper gives the closed form.
    dense = np.zeros((count, count))
    np.put_along_axis(dense, weighing.neighbours.astype(np.int64), weighing.weights.astype(np.float64), axis=1)
    for item in (0, 7, count - 1):
        others = np.delete(np.arange(count), item)
        normal = gram[np.ix_(others, others)] + model.REGULARISATION * np.eye(count - 1)
        expected = np.linalg.solve(normal, gram[others, item])
        kept = dense[others, item] != 0.0
        assert np.allclose(dense[others, item][kept], expected[kept], atol=1e-6)


def the_same_purchases_give_the_same_model_in_whatever_order_they_come() -> None:
    one, other = model.fit(Purchases.of(ROWS), 8000), model.fit(Purchases.of(reversed(ROWS)), 8000)
    assert one.digest() == other.digest()


def only_the_most_bought_skus_are_learned_when_there_are_too_many() -> None:
    whole, part = model.fit(Purchases.of(ROWS), 8000), model.fit(Purchases.of(ROWS), 10)
    assert len(part.skus) == 10
    assert set(part.skus) < set(whole.skus)


def nothing_is_learned_from_guests_alone() -> None:
    weighing = model.fit(Purchases.of([("o1", "", "A", 1), ("o1", "", "B", 1)]), 8000)
    assert weighing.skus == ()
    assert not Similarity(weighing, []).scores([0], 2).any()


def a_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = trained()
    model_file.write(tmp_path / "m", written)
    read = model_file.read(tmp_path / "m", last_change=1)
    assert read is not None
    assert (read.version, read.provenance) == (written.version, written.provenance)
    assert model_file.read(tmp_path / "none", 1) is None


@pytest.mark.parametrize("place", [0, 40, 100, -1])
def a_model_with_one_wrong_byte_is_refused(tmp_path: Path, place: int) -> None:
    data = bytearray(model.to_bytes(trained()))
    data[place] ^= 1
    (tmp_path / "m").write_bytes(data)
    with pytest.raises(ModelRefused):
        model_file.read(tmp_path / "m", 1)


@pytest.mark.parametrize("length", [0, 10, 61, 1000])
def a_model_that_was_cut_off_is_refused(tmp_path: Path, length: int) -> None:
    (tmp_path / "m").write_bytes(model.to_bytes(trained())[:length])
    with pytest.raises(ModelRefused):
        model_file.read(tmp_path / "m", 1)


def a_model_that_knows_more_than_the_database_is_refused(tmp_path: Path) -> None:
    model_file.write(tmp_path / "m", trained(change=8))
    with pytest.raises(ModelRefused, match="does not have"):
        model_file.read(tmp_path / "m", 7)


def what_speaks_most_for_a_pick_is_named() -> None:
    weighing = model.fit(Purchases.of(ROWS), 8000)
    similarity = Similarity(weighing, list(range(len(weighing.skus))))
    bought = [3, 5, 8]
    scores = similarity.scores(bought, 120)
    picks = [int(item) for item in np.argsort(-scores)[:10] if item not in bought]
    dense = np.zeros((120, 120))
    np.put_along_axis(dense[: len(weighing.skus)], weighing.neighbours.astype(np.int64), weighing.weights.astype(float), axis=1)
    assert np.allclose(scores, dense[bought].sum(axis=0), atol=1e-5)
    assert similarity.because(bought, picks, 120) == [bought[int(np.argmax(dense[bought, pick]))] for pick in picks]


def numbers_of_the_shelf_need_not_be_those_of_the_model() -> None:
    weighing = model.fit(Purchases.of(ROWS), 8000)
    count = len(weighing.skus)
    straight = Similarity(weighing, list(range(count)))
    turned = Similarity(weighing, [2 * (count - 1 - number) for number in range(count)])
    scores = turned.scores([2 * (count - 1 - 4), 2 * count + 5], 2 * count + 10)
    assert np.array_equal(scores[: 2 * count - 1 : 2][::-1], straight.scores([4], count))


def a_training_says_how_good_its_method_is() -> None:
    tested = trained().provenance.evaluation
    assert tested is not None
    assert tested.customers >= evaluation.LEAST_CUSTOMERS
    own = tested.method(MODEL)
    assert own.recall > tested.method(POPULARITY).recall
    assert own.recall > tested.method(PERSONAL_FREQUENCY).recall


def with_too_few_customers_nothing_is_said() -> None:
    assert evaluation.backtest(Purchases.of(ROWS[:50]), 8000) is None
    assert evaluation.backtest(Purchases.of([]), 8000) is None
