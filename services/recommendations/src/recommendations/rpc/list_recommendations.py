"""ListRecommendations: what a customer is likely to buy next."""

from __future__ import annotations

from souk.recommendations.v1 import recommendation_service_pb2 as pb
from souk_chassis import Store

from recommendations import convert
from recommendations import store as sql
from recommendations.live import Live
from recommendations.ranking import Basis, Purchase

NEWEST_PURCHASES = 2_000
"""How many of a customer's purchases are looked at, the newest."""


async def handle(store: Store, live: Live, request: pb.ListRecommendationsRequest) -> pb.ListRecommendationsResponse:
    """Goes by what the customer bought up to this moment, then by the basket, then by what is popular."""
    customer = request.customer_id
    bought = await store.read(lambda reader: sql.bought_by(reader, customer, NEWEST_PURCHASES)) if customer else []
    purchases = [Purchase(live.shelf.number(one.sku), one.time) for one in bought]
    basket = convert.items(live.shelf, request.basket_skus)

    most = convert.most_items(request.max_items)
    picks = live.ranking.recommend(purchases, basket, most, exclude_purchased=request.exclude_purchased)

    is_personal = any(pick.basis is Basis.PERSONAL for pick in picks)
    version = live.model_version if is_personal else ""
    return pb.ListRecommendationsResponse(list=convert.recommendations(live.shelf, picks, version))
