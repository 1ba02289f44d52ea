"""ListSimilarProducts: what customers who buy a sku also buy."""

from __future__ import annotations

from souk.recommendations.v1 import recommendation_service_pb2 as pb

from recommendations import convert
from recommendations.live import Live
from recommendations.ranking import Reason


def handle(live: Live, request: pb.ListSimilarProductsRequest) -> pb.ListSimilarProductsResponse:
    """Goes by the model, then by what is bought together with it, then by what is popular."""
    item, most = live.shelf.find(request.sku), convert.most_items(request.max_items)

    picks = live.ranking.popular(most) if item is None else live.ranking.similar(item, most)

    is_from_model = any(pick.reason is Reason.SIMILAR_TO for pick in picks)
    version = live.model_version if is_from_model else ""
    return pb.ListSimilarProductsResponse(list=convert.recommendations(live.shelf, picks, version))
