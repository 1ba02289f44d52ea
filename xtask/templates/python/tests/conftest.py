"""Starts the service beside a bus."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from souk_chassis import testing

from {{package}}.service import definition

from support import Running

Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts the service with settings of its own, on the data that is there."""
    started: list[Running] = []
    bus = testing.Bus()
    await bus.start()

    async def start(**settings: Any) -> Running:
        settings = {"upstreams__events": f"http://{bus.address}", **settings}
        started.append(Running(await testing.start(definition(), tmp_path, **settings), bus))
        return started[-1]

    yield start
    try:
        for running in started:
            await running.stop()
    finally:
        await bus.stop()


@pytest.fixture
async def service(start: Start) -> Running:
    """Returns the running service."""
    return await start()
