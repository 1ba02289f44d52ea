"""What is inside, in reading order."""

from __future__ import annotations

import gc
from functools import partial
from importlib.resources import files

from souk.recommendations.v1.recommendation_service_pb2_grpc import add_RecommendationServiceServicer_to_server
from souk_chassis import Definition, Host, Service, Store

from recommendations import events, invariants, store
from recommendations.config import Config
from recommendations.live import Live
from recommendations.past import Past
from recommendations.rpc import RecommendationRpc
from recommendations.training import Training
from recommendations.upstream import Upstream

NAME = "recommendations"


async def build(config: Config, host: Host) -> Service:
    """Opens the store, brings memory up to it, takes the stored model, and assembles the service."""
    database = Store.open(host.data_dir / "recommendations.sqlite3", store.MIGRATIONS)
    live = Live(database, config.history.most_orders)
    training = Training(database, live, config.training, host.data_dir)
    await live.load()
    await training.serve_stored()
    # What is loaded now stays: the garbage collector need not go through it, which would hold up requests.
    gc.collect()
    gc.freeze()
    return (
        Service()
        .rpc(add_RecommendationServiceServicer_to_server, RecommendationRpc(database, live, training))
        .invariants(partial(invariants.check, database, live))
        .subscription(events.SUBSCRIPTION, database, events.HANDLERS, start="earliest", committed=live.tell)
        .worker("follow", live.follow)
        .worker("past", Past(database, live, Upstream(host)).run)
        .worker("training", training.run)
        .ready(database.ping)
        .store(database)
    )


def definition() -> Definition[Config]:
    """Returns the service, before it runs."""
    defaults = files("recommendations").joinpath("config.default.toml").read_text(encoding="utf-8")
    return Definition(NAME, defaults, Config, build)
