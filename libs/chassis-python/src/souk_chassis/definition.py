"""The one value that a service is: its name, its settings and how it is built."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic

from souk_chassis.config import C
from souk_chassis.host import Host
from souk_chassis.service import Service


class StartError(Exception):
    """Why a process did not start, in one line; the process exits with 1."""


@dataclass(frozen=True)
class Definition(Generic[C]):
    """A service before it runs.

    `default_config` is the text of its config.default.toml: every setting with its value and a comment. `config` is the
    model of its own settings. `build` opens the store (and so migrates it) and assembles the service; it may take channels
    to its upstreams but not call them yet.
    """

    name: str
    default_config: str
    config: type[C]
    build: Callable[[C, Host], Awaitable[Service]]
