"""Where a setting comes from: embedded defaults, then a file, then the environment, then what the program sets itself.

The defaults are complete, so they are also the list of what exists: a key that is not in them is refused, and a value must be
what the model of the settings takes.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
)
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

DEFAULTS = files("souk_chassis").joinpath("chassis.default.toml").read_text(encoding="utf-8")
_SECRETS = ("key", "password", "secret", "token", "url")


class ConfigError(Exception):
    """One line that says which setting is wrong, what it is, and what is allowed. The process exits with 64."""


class Settings(BaseModel):
    """The base of a service's own settings, and of each table in them. A key without a field is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    try:
        ipaddress.ip_address(host.strip("[]"))
        is_address = 0 <= int(port) <= 65535
    except ValueError:
        is_address = False
    if not is_address:
        raise ValueError("must be an address like 127.0.0.1:7300")
    return text


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError('must be a list of addresses or networks like "10.0.0.0/8"') from error
    return text


# A token that carries more would be longer than a server reads (2,048 bytes).
_LONGEST_SCOPES = 1000
# Two or more words with dots between them, as the contract writes them.
_SCOPE = re.compile(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+|\*")


def _scopes(text: str) -> str:
    if not all(_SCOPE.fullmatch(scope) for scope in _words(text)):
        raise ValueError('must be scopes like "orders.read" separated by spaces, or "*" for every scope')
    if len(text) > _LONGEST_SCOPES:
        raise ValueError(f"must be at most {_LONGEST_SCOPES} characters")
    return text


def _words(text: str) -> list[str]:
    return [word for word in text.split(" ") if word]


Address = Annotated[str, AfterValidator(_address)]


class Server(Settings):
    """How the process serves; chassis.default.toml says what each is for."""

    listen: Address
    metrics_listen: Address
    drain_seconds: int = Field(ge=0, le=3600)
    max_requests: int = Field(ge=1, le=1_000_000)
    max_requests_per_connection: int = Field(ge=1, le=1_000_000)
    max_requests_per_peer: int = Field(ge=1, le=1_000_000)
    max_unsent_bytes_per_peer: int = Field(ge=1, le=(1 << 32) - 1)
    max_streams_per_caller: int = Field(ge=1, le=1_000_000)
    max_connections: int = Field(ge=1, le=1_000_000)
    max_connections_per_peer: int = Field(ge=1, le=1_000_000)
    trusted_proxies: list[Annotated[str, AfterValidator(_network)]]
    send_seconds: int = Field(ge=1, le=3600)
    max_message_bytes: int = Field(ge=1, le=16 << 20)
    max_decoding_bytes: int = Field(ge=1, le=(1 << 32) - 1)
    ready_file: str

    @field_validator("max_decoding_bytes")
    @classmethod
    def _holds_one_message(cls, most: int, info: ValidationInfo) -> int:
        if most < info.data.get("max_message_bytes", 0):
            raise ValueError("must be at least server.max_message_bytes")
        return most


class Log(Settings):
    """How the process logs."""

    format: Literal["text", "json"]
    level: str


class Telemetry(Settings):
    """Where spans go."""

    otlp_endpoint: str


class IdentitySettings(Settings):
    """How tokens are verified, and what the service's own token says."""

    development_key: str
    scopes: Annotated[str, AfterValidator(_scopes)]

    def own_scopes(self) -> list[str]:
        """Returns the scopes with which this service calls others."""
        return _words(self.scopes)


class ChassisSettings(Settings):
    """The chassis' own settings."""

    data_dir: Path
    server: Server
    log: Log
    telemetry: Telemetry
    identity: IdentitySettings
    upstreams: dict[str, str]


C = TypeVar("C", bound=Settings)


@dataclass(frozen=True)
class Config(Generic[C]):
    """All settings of a process."""

    chassis: ChassisSettings
    own: C


def load(program: str, own_defaults: str, own: type[C], file: Path | None, overrides: Mapping[str, Any]) -> Config[C]:
    """Reads all settings of a process; raises ConfigError. `overrides` have dotted keys and win."""
    defaults = _merged(_parsed(DEFAULTS, "the defaults of the chassis"), _parsed(own_defaults, f"the defaults of {program}"))
    layers = {"the command line": _nested(overrides)}
    prefix = f"{program.upper().replace('-', '_')}__"
    layers["the environment"] = {}
    if file is not None:
        try:
            layers[str(file)] = _parsed(file.read_text(encoding="utf-8"), str(file))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"configuration file {file}: {getattr(error, 'strerror', None) or error}") from error
    layers["the defaults"] = defaults
    _refuse_unknown_variables(prefix, defaults)

    fields = {**ChassisSettings.model_fields, **own.model_fields}
    whole = _model(prefix, fields, layers)
    try:
        read = whole()
        values = {name: getattr(read, name) for name in fields}
        chassis = ChassisSettings.model_validate({name: values[name] for name in ChassisSettings.model_fields})
        return Config(chassis, own.model_validate({name: values[name] for name in own.model_fields}))
    except ValidationError as error:
        raise ConfigError(_line(error, prefix, layers)) from error


def _model(prefix: str, fields: Mapping[str, Any], layers: Mapping[str, dict[str, Any]]) -> type[BaseSettings]:
    class Layered(BaseSettings):
        model_config = SettingsConfigDict(env_prefix=prefix, env_nested_delimiter="__", extra="forbid")

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(
                env_settings if name == "the environment" else InitSettingsSource(settings_cls, init_kwargs=layer)
                for name, layer in layers.items()
            )

    described: dict[str, Any] = {name: (field.annotation, field) for name, field in fields.items()}
    return create_model("Whole", __base__=Layered, **described)


def _parsed(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: {error}") from error


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _nested(dotted: Mapping[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for key, value in dotted.items():
        *tables, last = key.split(".")
        level = whole
        for table in tables:
            level = level.setdefault(table, {})
        level[last] = value
    return whole


def _refuse_unknown_variables(prefix: str, defaults: dict[str, Any]) -> None:
    for variable in os.environ:
        if not variable.upper().startswith(prefix):
            continue
        level: Any = defaults
        keys = variable[len(prefix) :].lower().split("__")
        for at, key in enumerate(keys):
            if not isinstance(level, dict) or (level and key not in level):
                place = f"[{'.'.join(keys[:at])}]" if at else "the top"
                raise ConfigError(_unknown(".".join(keys[: at + 1]), variable, place, level))
            level = level.get(key, {})


def _unknown(key: str, source: str, place: str, known: Any) -> str:
    if key.partition(".")[0] == "neighbours":
        return f"{key} (from {source}): neighbours is called upstreams now"
    allowed = ", ".join(known) if isinstance(known, dict) and known else "nothing"
    return f"{key} (from {source}): there is no such setting; {place} has {allowed}"


def _line(error: ValidationError, prefix: str, layers: Mapping[str, dict[str, Any]]) -> str:
    """Returns the first error as one line with the key, the value, where it comes from, and what is allowed."""
    first = error.errors(include_url=False)[0]
    keys = [str(part) for part in first["loc"]]
    key, source = ".".join(keys), "the defaults"
    for name, layer in layers.items():
        variable = prefix + "__".join(keys).upper()
        if variable in os.environ if name == "the environment" else _has(layer, keys):
            source = variable if name == "the environment" else name
            break
    if first["type"] == "extra_forbidden":
        known: Any = layers["the defaults"]
        for part in keys[:-1]:
            known = known.get(part, {})
        return _unknown(key, source, f"[{'.'.join(keys[:-1])}]" if len(keys) > 1 else "the top", known)
    value = "a table" if isinstance(first["input"], dict) else repr(first["input"])
    if keys and keys[-1].endswith(_SECRETS):
        value = "[hidden]"
    why = first["msg"].removeprefix("Value error, ")
    return f"{key} = {value} (from {source}): {why[:1].lower()}{why[1:]}".replace("\n", " ")


def _has(layer: Any, keys: list[str]) -> bool:
    for key in keys:
        if not isinstance(layer, dict) or key not in layer:
            return False
        layer = layer[key]
    return True
