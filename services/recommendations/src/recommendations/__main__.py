"""Starts the service, or one of its commands: `evaluate FILE`, `bench`."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs what the first argument names; without one of the commands, the service. Only what is run is imported."""
    sys.exit(command(sys.argv[1:]))


def command(arguments: list[str]) -> int:
    """Returns the exit code of a command."""
    match arguments:
        case ["evaluate", *rest]:
            from recommendations import evaluate

            return evaluate.run(rest)
        case ["bench", *rest]:
            from recommendations import bench

            return bench.run(rest)
        case ["train", *rest]:
            from recommendations import train

            return train.run(rest)
        case _:
            import souk_chassis

            from recommendations.service import definition

            souk_chassis.main(definition(), arguments)


if __name__ == "__main__":
    main()
