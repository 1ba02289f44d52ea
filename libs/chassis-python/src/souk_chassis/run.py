"""The life of a service's own program, from its arguments to its exit code."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from souk_chassis import running
from souk_chassis.config import DEFAULTS, ConfigError
from souk_chassis.definition import Definition, StartError
from souk_chassis.error import with_causes
from souk_chassis.log import SINK, place_of

EXIT_CONFIGURATION = 64
_LOG = logging.getLogger("souk_chassis.run")


def main(definition: Definition[Any], arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the service until SIGTERM or SIGINT: configure, telemetry, open, bind, serve, drain, exit.

    The only argument is `--config FILE`. The exit code is 0 after a clean drain, 64 for a wrong setting or argument, and 1 for
    everything else, with one line on stderr that says what was wrong.
    """
    sys.exit(code_of(definition, sys.argv[1:] if arguments is None else arguments))


def code_of(definition: Definition[Any], arguments: Sequence[str]) -> int:
    """Does what `main` does, and returns the exit code."""
    try:
        if {"--help", "-h"} & set(arguments):
            print(_help(definition))
            return 0
        asyncio.run(_run(definition, _file(arguments)))
    except ConfigError as error:
        return _failed(definition, str(error), EXIT_CONFIGURATION)
    except StartError as error:
        return _failed(definition, str(error), 1)
    except Exception as error:
        return _failed(definition, f"{with_causes(error)} at {place_of(error)}", 1)
    SINK.flush()
    return 0


async def _run(definition: Definition[Any], file: Path | None) -> None:
    stop: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def told(name: str) -> None:
        if not stop.done():
            stop.set_result(name)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told, number.name)
    service = await running.start(definition, file)
    _LOG.info("%s: draining", await stop)
    await service.drain()


def _file(arguments: Sequence[str]) -> Path | None:
    match list(arguments):
        case []:
            return None
        case ["--config", file]:
            return Path(file)
        case ["--config"]:
            raise ConfigError("--config must be followed by a file")
        case [one] if one.startswith("--config="):
            return Path(one.removeprefix("--config="))
        case [*all]:
            other = next((one for one in all if not one.startswith("--config")), all[-1])
            raise ConfigError(f"argument = {other!r}: the only options are --config FILE and --help")
    return None


def _help(definition: Definition[Any]) -> str:
    prefix = definition.name.upper().replace("-", "_")
    return (
        f"Usage: {definition.name} [--config FILE]\n\n"
        "Runs until SIGTERM or SIGINT. Settings come from these defaults, then FILE (TOML), then the environment:\n"
        f"{prefix}__SERVER__LISTEN sets server.listen.\n\n{DEFAULTS}\n"
        f"# ---- {definition.name} ----\n{definition.default_config}"
    )


def _failed(definition: Definition[Any], line: str, code: int) -> int:
    SINK.flush()
    print(f"{definition.name}: {' '.join(line.split())}", file=sys.stderr, flush=True)
    return code
