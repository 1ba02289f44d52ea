"""Keeps background work running: restarts what fails, later every time, until the drain."""

from __future__ import annotations

import logging
import time

from souk_chassis import red
from souk_chassis.backoff import Backoff
from souk_chassis.drain import Drain
from souk_chassis.service import Worker

# A worker that ran this long before failing restarts after the first pause.
HEALTHY_AFTER_SECONDS = 60.0
_LOG = logging.getLogger("souk_chassis.worker")


async def keep_running(service: str, worker: Worker, drain: Drain) -> None:
    """Runs a worker until it ends well or the process drains."""
    backoff = Backoff(first=0.1, longest=30.0)
    while True:
        started = time.monotonic()
        try:
            await worker.run(drain)
        except Exception as error:
            failure = error
        else:
            if not drain.is_draining:
                _LOG.info("worker %s/%s has finished", service, worker.name)
            return
        if drain.is_draining:
            _LOG.error("worker %s/%s failed while stopping", service, worker.name, exc_info=failure)
            return
        if time.monotonic() - started >= HEALTHY_AFTER_SECONDS:
            backoff.reset()
        red.WORKER_FAILURES.labels(service, worker.name).inc()
        pause = backoff.next()
        _LOG.error("worker %s/%s failed and restarts in %.1f s", service, worker.name, pause, exc_info=failure)
        if not await drain.pause(pause):
            return
