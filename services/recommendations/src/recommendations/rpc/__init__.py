"""The index of the methods: each has its story in the file of its name."""

from __future__ import annotations

from typing import Any

from souk.recommendations.v1 import recommendation_service_pb2 as pb
from souk.recommendations.v1.recommendation_service_pb2_grpc import RecommendationServiceServicer
from souk_chassis import Store

from recommendations.live import Live
from recommendations.rpc import (
    audit_recommendations,
    frequently_bought_together,
    get_model,
    popular_products,
    recommend,
    similar_products,
)
from recommendations.training import Training


class RecommendationRpc(RecommendationServiceServicer):
    """The methods of the service."""

    def __init__(self, store: Store, live: Live, training: Training) -> None:
        self._store, self._live, self._training = store, live, training

    async def Recommend(self, request: pb.RecommendRequest, context: Any) -> pb.RecommendResponse:
        """See rpc/recommend.py."""
        return await recommend.handle(self._store, self._live, request)

    async def SimilarProducts(self, request: pb.SimilarProductsRequest, context: Any) -> pb.SimilarProductsResponse:
        """See rpc/similar_products.py."""
        return similar_products.handle(self._live, request)

    async def FrequentlyBoughtTogether(
        self, request: pb.FrequentlyBoughtTogetherRequest, context: Any
    ) -> pb.FrequentlyBoughtTogetherResponse:
        """See rpc/frequently_bought_together.py."""
        return frequently_bought_together.handle(self._live, request)

    async def PopularProducts(self, request: pb.PopularProductsRequest, context: Any) -> pb.PopularProductsResponse:
        """See rpc/popular_products.py."""
        return popular_products.handle(self._live, request)

    async def GetModel(self, request: pb.GetModelRequest, context: Any) -> pb.GetModelResponse:
        """See rpc/get_model.py."""
        return await get_model.handle(self._live, self._training)

    async def AuditRecommendations(
        self, request: pb.AuditRecommendationsRequest, context: Any
    ) -> pb.AuditRecommendationsResponse:
        """See rpc/audit_recommendations.py."""
        return await audit_recommendations.handle(self._store, self._live)
