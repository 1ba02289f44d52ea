"""The settings; config.default.toml says what each is for."""

from __future__ import annotations

from pydantic import Field
from souk_chassis import Settings


class Entries(Settings):
    """The limits of entries."""

    most_per_customer: int = Field(ge=1, le=1_000_000)


class Config(Settings):
    """The settings of the service."""

    entries: Entries
