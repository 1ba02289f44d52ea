"""ListPopularProducts: what most orders have."""

from __future__ import annotations

from souk.recommendations.v1 import recommendation_service_pb2 as pb

from recommendations import convert
from recommendations.live import Live


def handle(live: Live, request: pb.ListPopularProductsRequest) -> pb.ListPopularProductsResponse:
    """Counts over the orders up to this moment, newer ones more."""
    picks = live.ranking.popular(convert.most_items(request.max_items))

    return pb.ListPopularProductsResponse(list=convert.recommendations(live.shelf, picks))
