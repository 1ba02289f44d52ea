"""ListProductsBoughtTogether: what is in one order with the skus of a basket."""

from __future__ import annotations

from souk.recommendations.v1 import recommendation_service_pb2 as pb

from recommendations import convert
from recommendations.live import Live


def handle(live: Live, request: pb.ListProductsBoughtTogetherRequest) -> pb.ListProductsBoughtTogetherResponse:
    """Counts over the orders up to this moment, then goes by what is popular."""
    basket = convert.items(live.shelf, request.skus)

    picks = live.ranking.together(basket, convert.most_items(request.max_items))

    return pb.ListProductsBoughtTogetherResponse(list=convert.recommendations(live.shelf, picks))
