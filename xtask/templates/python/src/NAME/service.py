"""The assembly, in reading order."""

from __future__ import annotations

from functools import partial
from importlib.resources import files

from souk.{{package}}.v1.{{package}}_service_pb2_grpc import add_{{Name}}ServiceServicer_to_server
from souk_chassis import Definition, Host, Service, Store

from {{package}} import events, store
from {{package}}.config import Config
from {{package}}.rpc import {{Name}}Rpc


async def build(config: Config, host: Host) -> Service:
    """Opens the store and assembles the service."""
    database = Store.open(host.data_dir / "{{name}}.sqlite3", store.MIGRATIONS)
    most_per_customer = config.entries.most_per_customer
    return (
        Service()
        .rpc(add_{{Name}}ServiceServicer_to_server, {{Name}}Rpc(database, most_per_customer))
        .invariants(partial(store.check, database))
        .subscription(events.SUBSCRIPTION, database, events.handlers(most_per_customer), start="earliest")
        .ready(database.ping)
        .store(database)
    )


def definition() -> Definition[Config]:
    """Returns the service, before it runs."""
    defaults = files("{{package}}").joinpath("config.default.toml").read_text(encoding="utf-8")
    return Definition("{{name}}", defaults, Config, build)
