"""Starts shops, and stops them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from support import Shop

Start = Callable[..., Awaitable[Shop]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts shops with settings of their own."""
    started: list[Shop] = []

    async def start(**settings: Any) -> Shop:
        shop = await Shop.start(tmp_path / str(len(started)), **settings)
        started.append(shop)
        return shop

    yield start
    for shop in started:
        await shop.stop()


@pytest.fixture
async def shop(start: Start) -> Shop:
    """Returns a shop that trains nothing."""
    return await start()
