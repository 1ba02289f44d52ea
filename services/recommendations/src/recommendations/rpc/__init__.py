"""The index of the methods: each has its story in the file of its name."""

from __future__ import annotations

from typing import Any

from souk.recommendations.v1 import recommendation_service_pb2 as pb
from souk.recommendations.v1.recommendation_service_pb2_grpc import RecommendationServiceServicer
from souk_chassis import Store

from recommendations.live import Live
from recommendations.rpc import (
    get_model,
    list_popular_products,
    list_products_bought_together,
    list_recommendations,
    list_similar_products,
)
from recommendations.training import Training


class RecommendationRpc(RecommendationServiceServicer):
    """The methods of the service."""

    def __init__(self, store: Store, live: Live, training: Training) -> None:
        self._store, self._live, self._training = store, live, training

    async def ListRecommendations(self, request: pb.ListRecommendationsRequest, context: Any) -> pb.ListRecommendationsResponse:
        """See rpc/list_recommendations.py."""
        return await list_recommendations.handle(self._store, self._live, request)

    async def ListSimilarProducts(self, request: pb.ListSimilarProductsRequest, context: Any) -> pb.ListSimilarProductsResponse:
        """See rpc/list_similar_products.py."""
        return list_similar_products.handle(self._live, request)

    async def ListProductsBoughtTogether(
        self, request: pb.ListProductsBoughtTogetherRequest, context: Any
    ) -> pb.ListProductsBoughtTogetherResponse:
        """See rpc/list_products_bought_together.py."""
        return list_products_bought_together.handle(self._live, request)

    async def ListPopularProducts(self, request: pb.ListPopularProductsRequest, context: Any) -> pb.ListPopularProductsResponse:
        """See rpc/list_popular_products.py."""
        return list_popular_products.handle(self._live, request)

    async def GetModel(self, request: pb.GetModelRequest, context: Any) -> pb.GetModelResponse:
        """See rpc/get_model.py."""
        return await get_model.handle(self._live, self._training)
