"""Generates the tests' own contract, and starts the echo service."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent
PROTO = ROOT / "proto"
ECHO = ROOT / "tests/contract/echo"
GENERATED = tempfile.TemporaryDirectory(prefix="souk-echo-")
FILES = ("souk/echo/v1/echo.proto", "souk/echo/v1/events.proto")


def _generate() -> None:
    """Makes the stubs of the echo service; those of the contract come from souk-client."""
    out = GENERATED.name
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{ECHO}", f"-I{PROTO}"]
    subprocess.run([*command, f"--python_out={out}", f"--grpc_python_out={out}", *FILES], check=True)
    import souk

    # The generated package `souk` may be a regular one: let it find the echo too.
    souk.__path__.append(f"{out}/souk")


_generate()

from echo import Echo, definition  # noqa: E402
from souk_chassis.log import SINK  # noqa: E402


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Returns the log, which grows. What pytest captures has gaps when another thread writes meanwhile."""
    seen: list[str] = []
    monkeypatch.setattr(SINK, "write", seen.append)
    return seen


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Starts echo services on ports of their own, and drains those that still run."""
    started: list[Echo] = []

    async def start(name: str = "echo", **settings: Any) -> Echo:
        echo = await Echo.start(definition(name), tmp_path / name, settings)
        started.append(echo)
        return echo

    yield start
    for echo in started:
        await echo.stop()


@pytest.fixture
async def echo(start: Callable[..., Any]) -> Echo:
    """Returns a running echo service."""
    running: Echo = await start()
    return running
