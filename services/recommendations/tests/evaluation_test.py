"""What the recommendations are worth, measured by trec_eval too, and the table of the README."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import pytrec_eval

from recommendations import evaluate, evaluation, generated, retail
from recommendations.evaluation import Split
from recommendations.purchase import Purchases
from recommendations.quality import Evaluation, MethodQuality

README = Path(__file__).parent.parent / "README.md"
PARTS: dict[str, Callable[[Split], dict[int, set[int]]]] = {
    "": evaluation.everything,
    "_repeat": evaluation.repeated,
    "_explore": evaluation.explored,
}
MOST_SKUS = evaluate.MOST_SKUS


def trec_eval(rankings: dict[int, list[int]], relevant: dict[int, set[int]]) -> tuple[float, float]:
    """Returns recall@20 and NDCG@20 as the foreign library has them."""
    asked = {str(customer): {str(item): 1 for item in items} for customer, items in relevant.items()}
    given = {
        str(customer): {str(item): float(-place) for place, item in enumerate(rankings[customer])} for customer in relevant
    }
    results = pytrec_eval.RelevanceEvaluator(asked, {"recall.20", "ndcg_cut.20"}).evaluate(given)
    count = len(results)
    assert count == len(relevant)
    recall = sum(one["recall_20"] for one in results.values()) / count
    return recall, sum(one["ndcg_cut_20"] for one in results.values()) / count


def measured(split: Split) -> list[MethodQuality]:
    qualities = []
    for name, method in evaluation.methods(split, MOST_SKUS).items():
        rankings = evaluation.rank(split, method)
        assert all(len(set(ranking)) == len(ranking) == 20 for ranking in rankings.values()), name
        quality = evaluation.measure(split, name, rankings)
        for suffix, part in PARTS.items():
            own = getattr(quality, f"recall{suffix}"), getattr(quality, f"ndcg{suffix}")
            assert own == pytest.approx(trec_eval(rankings, part(split)), abs=1e-9), (name, suffix)
        qualities.append(quality)
    return qualities


@pytest.fixture(scope="module")
def made_up() -> Split:
    rows = generated.purchases(products=300, customers=150, orders=1500)
    return evaluate.last_days(Purchases.of(rows), 40)


def on_a_generated_shop_the_figures_are_those_of_trec_eval_and_beat_both_floors(made_up: Split) -> None:
    qualities = measured(made_up)
    tested = Evaluation(made_up.time, len(made_up.relevant), tuple(qualities))
    assert evaluate.beats_the_floors(tested)
    own, popular = tested.method(evaluation.MODEL_NEW), tested.method(evaluation.POPULARITY_NEW)
    assert own.recall_explore > popular.recall_explore


def an_evaluation_comes_out_the_same_each_time(made_up: Split) -> None:
    assert evaluation.evaluate(made_up, MOST_SKUS) == evaluation.evaluate(made_up, MOST_SKUS)


def nothing_after_the_split_is_learned_from(made_up: Split) -> None:
    assert int(made_up.before.time.max()) < made_up.time
    assert all(purchase.time < made_up.time for bought in made_up.bought.values() for purchase in bought)


def every_relevant_item_is_either_bought_again_or_new(made_up: Split) -> None:
    again, new = evaluation.repeated(made_up), evaluation.explored(made_up)
    for customer, items in made_up.relevant.items():
        assert again.get(customer, set()) | new.get(customer, set()) == items
        assert not again.get(customer, set()) & new.get(customer, set())


def a_retailers_file_is_read_by_the_rules_of_the_replay(tmp_path: Path) -> None:
    file = tmp_path / "retail.csv"
    file.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "1,10001a,Mug,3,2011-01-01 10:00:00,1.50,17850.0,UK\n"
        "1,10002,Tea,2,2011-01-01 10:01:00,2.00,17850.0,UK\n"
        "2,10002,Tea,1,2011-01-02 10:00:00,2.00,,UK\n"
        "2,POST,Postage,1,2011-01-02 10:00:00,2.00,,UK\n"
        "2,10003,Free,1,2011-01-02 10:00:00,0.00,,UK\n"
        "2,10004,Odd,1,2011-01-02 10:00:00,0.001,,UK\n"
        "C3,10001A,Mug,-3,2011-01-03 10:00:00,1.50,17850.0,UK\n"
        "C3,10002,Tea,-1,2011-01-03 10:00:00,2.00,17850.0,UK\n"
        "C3,10002,Tea,-1,2011-01-03 10:00:00,2.00,,UK\n",
        encoding="utf-8",
    )
    read = retail.read(file)
    assert read.skus == ("10002",)
    assert (read.orders, read.customers) == (2, 1)
    assert read.time.tolist()[0] == 1_293_876_000_000_000


@pytest.mark.skipif(evaluate.FILE_VARIABLE not in os.environ, reason="the retailer's file is not here")
def on_the_real_invoices_the_table_of_the_readme_comes_out_and_beats_both_floors() -> None:
    split = evaluate.last_days(retail.read(Path(os.environ[evaluate.FILE_VARIABLE])), 30)
    qualities = measured(split)
    tested = Evaluation(split.time, len(split.relevant), tuple(qualities))
    assert evaluate.beats_the_floors(tested)
    readme = README.read_text(encoding="utf-8")
    assert evaluate.sentence(split).lower() in " ".join(readme.split()).lower()
    written = {
        cells[0]: [float(cell) for cell in cells[1:]]
        for cells in (re.split(r"\s*\|\s*", line.strip("| ")) for line in readme.splitlines() if line.startswith("| "))
        if cells[0] in {quality.method for quality in qualities}
    }
    for line in evaluate.table(tested).splitlines()[2:]:
        name, *figures = re.split(r"\s*\|\s*", line.strip("| "))
        assert written[name] == pytest.approx([float(figure) for figure in figures], abs=0.002), name
