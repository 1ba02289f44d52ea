"""`python -m recommendations train …`: one training, in a process of its own, which the service starts.

A process and not a thread: numpy gives way to other threads only inside of its long sums, and everything between them would
hold up requests. It only reads the database, and replaces the file of the model when it is done.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from recommendations import evaluation, model, model_file, store
from recommendations.model import Model, Provenance

_NICENESS = 10


def run(arguments: Sequence[str]) -> int:
    """Runs one training."""
    parser = argparse.ArgumentParser("recommendations train", description=__doc__)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--number", type=int, required=True)
    parser.add_argument("--most-skus", type=int, required=True)
    parser.add_argument("--supervised", action="store_true", help="end when standard input does")
    options = parser.parse_args(arguments)
    if options.supervised:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    os.nice(_NICENESS)
    model_file.write(options.model, trained(options.database, options.number, options.most_skus))
    return 0


def trained(database: Path, number: int, most_skus: int) -> Model:
    """Returns a model of what the database holds now, and how well the same method does on its newest orders."""
    started = time.monotonic()
    change, purchases = store.all_purchases(database)
    weighing = model.fit(purchases, most_skus)
    tested = evaluation.backtest(purchases, most_skus)
    provenance = Provenance(
        number=number,
        change=change,
        train_time=time.time_ns() // 1000,
        train_milliseconds=int((time.monotonic() - started) * 1000),
        orders=purchases.orders,
        customers=purchases.customers,
        evaluation=tested,
    )
    return Model(provenance, weighing)


def _end_with_stdin() -> None:
    """Ends this process when the one that started it is gone, however it went."""
    # Not through sys.stdin: its lock, held by this thread, would let the interpreter not end.
    while os.read(0, 1):
        pass
    os._exit(1)
