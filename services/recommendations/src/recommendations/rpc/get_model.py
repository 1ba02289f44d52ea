"""GetModel: what is served, how good it is, and what came in since."""

from __future__ import annotations

from souk.recommendations.v1 import recommendation_service_pb2 as pb

from recommendations import convert
from recommendations.live import Live
from recommendations.training import Training


async def handle(live: Live, training: Training) -> pb.GetModelResponse:
    """Says also what went wrong, if something did."""
    backlog = await training.backlog()

    return pb.GetModelResponse(
        model=convert.model(live.model) if live.model else None,
        order_count=backlog.orders,
        new_order_count=backlog.orders_since,
        training=training.is_under_way,
        problem=training.problem,
    )
