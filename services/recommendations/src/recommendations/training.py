"""When a model is trained, and how it comes to be served. No request waits for any of it."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from souk_chassis import Drain, Store

from recommendations import model_file
from recommendations import store as sql
from recommendations.config import Training as Settings
from recommendations.evaluation import MODEL, PERSONAL_FREQUENCY
from recommendations.live import Live
from recommendations.model import Model, ModelRefused

LOOK_SECONDS = 1.0
"""How often it is looked whether a training is due."""
_LOG = logging.getLogger("recommendations.training")
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class TrainingFailed(Exception):
    """A training came to nothing; the text says why."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What came in since the model that is served was trained."""

    orders: int
    """The orders that count, in all."""
    orders_since: int
    seconds_since: float
    """The time since the end of the last training, infinite when there was none."""

    def is_training_due(self, settings: Settings) -> bool:
        """Returns whether there is enough that is new, and enough at all."""
        if self.orders < settings.least_orders or not self.orders_since or self.seconds_since < settings.pause_seconds:
            return False
        is_old = bool(settings.interval_seconds) and self.seconds_since >= settings.interval_seconds
        return self.orders_since >= settings.after_orders or is_old


class Training:
    """Trains now and then, one training at a time."""

    def __init__(self, store: Store, live: Live, settings: Settings, folder: Path) -> None:
        self.is_under_way = False
        self.problem = ""
        """Why the stored model was refused or the last training failed; empty when all is well."""
        self._store = store
        self._live = live
        self._settings = settings
        self._file = folder / model_file.NAME
        self._last_end = -math.inf

    async def serve_stored(self) -> None:
        """Serves the model of the last run, if there is one that is whole."""
        last = await self._store.read(sql.last_change)
        try:
            stored = await asyncio.to_thread(model_file.read, self._file, last)
        except ModelRefused as refused:
            self.problem = f"the stored model was refused: {refused}"
            _LOG.error("%s; popular products are served until the next training", self.problem)
            return
        if stored is not None:
            self._live.swap(stored)
            age = time.time() - stored.provenance.train_time / 1_000_000
            self._last_end = time.monotonic() - max(0.0, age)

    async def run(self, drain: Drain) -> None:
        """Trains whenever it is due; a worker."""
        while await drain.pause(LOOK_SECONDS):
            if not (await self.backlog()).is_training_due(self._settings):
                continue
            try:
                await self.train(drain)
            except TrainingFailed as failed:
                self.problem = f"the last training failed: {failed}"
                _LOG.error("%s", self.problem)
                await drain.pause(self._settings.retry_seconds)

    async def backlog(self) -> Backlog:
        """Returns what came in since the last training."""
        learned = self._live.model.provenance.change if self._live.model else 0
        since = await self._store.read(lambda reader: sql.orders_since(reader, learned))
        return Backlog(self._live.history.orders, since, time.monotonic() - self._last_end)

    async def train(self, drain: Drain) -> None:
        """Trains a model in a process of its own and serves it. Raises TrainingFailed."""
        number = await self._store.write(lambda tx: sql.begin_training(tx, time.time_ns() // 1000))
        self.is_under_way = True
        try:
            await self._run_process(number, drain)
            if drain.is_draining:
                return
            last = await self._store.read(sql.last_change)
            try:
                trained = await asyncio.to_thread(model_file.read, self._file, last)
            except ModelRefused as refused:
                raise TrainingFailed(f"its model was rejected: {refused}") from refused
            if trained is None or trained.provenance.number != number:
                raise TrainingFailed("it wrote no model")
            # What the model has learned from is also what its reasons are shown with.
            await self._live.reached(trained.provenance.change)
            self._live.swap(trained)
            self.problem = ""
            _LOG.info("%s", _described(trained), extra={"model.version": trained.version})
        finally:
            self.is_under_way = False
            self._last_end = time.monotonic()

    async def _run_process(self, number: int, drain: Drain) -> None:
        arguments = ["--database", str(self._store.path), "--model", str(self._file), "--number", str(number)]
        arguments += ["--most-skus", str(self._settings.most_skus), "--supervised"]
        environment = dict(os.environ) | dict.fromkeys(_THREADS, str(self._settings.threads))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "recommendations", "train", *arguments,
            stdin=PIPE, stdout=DEVNULL, stderr=PIPE, env=environment,
        )  # fmt: skip
        ended, stopping = asyncio.ensure_future(_end_of(process)), asyncio.ensure_future(drain.started())
        try:
            done, _ = await asyncio.wait(
                (ended, stopping), timeout=self._settings.timeout_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if ended in done:
                last_words = ended.result()
                if process.returncode:
                    raise TrainingFailed(last_words or f"it ended with {process.returncode}")
            elif not done:
                raise TrainingFailed(f"it took longer than {self._settings.timeout_seconds} s")
        finally:
            stopping.cancel()
            with suppress(ProcessLookupError):
                process.kill()
            await ended


async def _end_of(process: asyncio.subprocess.Process) -> str:
    """Waits for the end of a process and returns the last line that it wrote to stderr."""
    assert process.stderr is not None
    lines = (await process.stderr.read()).decode(errors="replace").split("\n")
    await process.wait()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _described(trained: Model) -> str:
    provenance = trained.provenance
    text = (
        f"model {trained.version} is served: {len(trained.weighing.skus)} skus learned from {provenance.orders} orders"
        f" in {provenance.train_milliseconds / 1000:.1f} s"
    )
    if provenance.evaluation is None:
        return text
    own, floor = provenance.evaluation.method(MODEL), provenance.evaluation.method(PERSONAL_FREQUENCY)
    return f"{text}; recall@20 {own.recall:.3f}, where personal frequency has {floor.recall:.3f}"
