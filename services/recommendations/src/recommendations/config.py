"""What can be set; config.default.toml says what each is for."""

from __future__ import annotations

from pydantic import Field
from souk_chassis import Settings


class History(Settings):
    """What is held in memory."""

    most_orders: int = Field(ge=1, le=10_000_000)


class Training(Settings):
    """When a model is trained, and what that may take."""

    after_orders: int = Field(ge=1, le=1_000_000_000)
    interval_seconds: int = Field(ge=0, le=31_536_000)
    pause_seconds: int = Field(ge=0, le=86_400)
    least_orders: int = Field(ge=1, le=1_000_000_000)
    retry_seconds: int = Field(ge=1, le=86_400)
    timeout_seconds: int = Field(ge=1, le=86_400)
    threads: int = Field(ge=1, le=256)
    most_skus: int = Field(ge=2, le=50_000)


class Config(Settings):
    """The service's own settings."""

    history: History
    training: Training
