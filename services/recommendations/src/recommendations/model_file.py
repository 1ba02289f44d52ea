"""The model on disk: one file, replaced as a whole."""

from __future__ import annotations

import os
from pathlib import Path

from recommendations import model
from recommendations.model import Model, ModelRefused

NAME = "recommendations.model"


def write(path: Path, trained: Model) -> None:
    """Replaces the file, durably: after a crash at any moment the old one or the new one is there."""
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        file.write(model.to_bytes(trained))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path, last_change: int) -> Model | None:
    """Reads the file; none when it is not there.

    Raises ModelRefused when it is damaged, and when it was trained on changes that the database does not have.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelRefused(f"it cannot be read: {error.strerror}") from error
    read = model.from_bytes(data)
    if read.provenance.change > last_change:
        raise ModelRefused("it was trained on changes that the database does not have")
    return read
