"""`python -m recommendations evaluate FILE`: what the recommendations are worth on a real retailer's invoices."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from recommendations import retail
from recommendations.evaluation import MODEL, PERSONAL_FREQUENCY, POPULARITY, Split, evaluate
from recommendations.purchase import DAY_MICROS, Purchases
from recommendations.quality import Evaluation, MethodQuality

FILE_VARIABLE = "SOUK_RETAIL_FILE"
MOST_SKUS = 8_000
_COLUMNS = ("recall", "ndcg", "recall_repeat", "ndcg_repeat", "recall_explore", "ndcg_explore")


def run(arguments: Sequence[str]) -> int:
    """Prints the table; returns 1 when the model does not beat both floors on the whole."""
    parser = argparse.ArgumentParser("recommendations evaluate", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=os.environ.get(FILE_VARIABLE), help=f"else {FILE_VARIABLE}")
    parser.add_argument("--days", type=int, default=30, help="how many days at the end of the file are to be foretold")
    options = parser.parse_args(arguments)
    if options.file is None:
        parser.error(f"name a file, or set {FILE_VARIABLE}")
    purchases = retail.read(Path(options.file))
    started = time.monotonic()
    split = last_days(purchases, options.days)
    evaluation = evaluate(split, MOST_SKUS)
    print(sentence(split))
    print(table(evaluation))
    print(f"{time.monotonic() - started:.1f} s", file=sys.stderr)
    return 0 if beats_the_floors(evaluation) else 1


def last_days(purchases: Purchases, days: int) -> Split:
    """Splits at the midnight (UTC) that leaves the last `days` days, the last one whole, to be foretold."""
    end = (int(purchases.time.max()) // DAY_MICROS + 1) * DAY_MICROS
    return Split.at(purchases, end - days * DAY_MICROS)


def beats_the_floors(evaluation: Evaluation) -> bool:
    """Returns whether the model is better than both floors, in recall and in NDCG, on the whole."""
    own = evaluation.method(MODEL)
    floors = [evaluation.method(name) for name in (POPULARITY, PERSONAL_FREQUENCY)]
    return all(own.recall > floor.recall and own.ndcg > floor.ndcg for floor in floors)


def sentence(split: Split) -> str:
    """Returns what it was trained and tested on."""
    asked = sum(len(items) for items in split.relevant.values())
    return (
        f"trained on {split.before.orders:,} orders of {split.before.customers:,} customers; "
        f"tested on {asked:,} items that {len(split.relevant):,} of them bought later; "
        f"{split.unforeseeable:,} more had never been sold before"
    )


def table(evaluation: Evaluation) -> str:
    """Returns the figures as a table in Markdown."""
    head = "| method | recall@20 | NDCG@20 | repeat: recall@20 | NDCG@20 | explore: recall@20 | NDCG@20 |"
    rows = [head, "| --- |" + " ---: |" * len(_COLUMNS)]
    rows += [f"| {method.method} | " + " | ".join(_figures(method)) + " |" for method in evaluation.methods]
    return "\n".join(rows)


def _figures(method: MethodQuality) -> list[str]:
    return [f"{getattr(method, column):.4f}" for column in _COLUMNS]
