from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from souk.policy.v1 import policy_pb2 as _policy_pb2
from souk.recommendations.v1 import model_pb2 as _model_pb2
from souk.recommendations.v1 import recommendation_pb2 as _recommendation_pb2
from souk.type.v1 import audit_pb2 as _audit_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RecommendRequest(_message.Message):
    __slots__ = ("customer_id", "basket_skus", "max_items", "only_new")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    BASKET_SKUS_FIELD_NUMBER: _ClassVar[int]
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    ONLY_NEW_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    basket_skus: _containers.RepeatedScalarFieldContainer[str]
    max_items: int
    only_new: bool
    def __init__(self, customer_id: _Optional[str] = ..., basket_skus: _Optional[_Iterable[str]] = ..., max_items: _Optional[int] = ..., only_new: _Optional[bool] = ...) -> None: ...

class RecommendResponse(_message.Message):
    __slots__ = ("items", "basis", "model_version")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_recommendation_pb2.Recommendation]
    basis: _recommendation_pb2.Basis
    model_version: str
    def __init__(self, items: _Optional[_Iterable[_Union[_recommendation_pb2.Recommendation, _Mapping]]] = ..., basis: _Optional[_Union[_recommendation_pb2.Basis, str]] = ..., model_version: _Optional[str] = ...) -> None: ...

class SimilarProductsRequest(_message.Message):
    __slots__ = ("sku", "max_items")
    SKU_FIELD_NUMBER: _ClassVar[int]
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    sku: str
    max_items: int
    def __init__(self, sku: _Optional[str] = ..., max_items: _Optional[int] = ...) -> None: ...

class SimilarProductsResponse(_message.Message):
    __slots__ = ("items", "basis", "model_version")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_recommendation_pb2.Recommendation]
    basis: _recommendation_pb2.Basis
    model_version: str
    def __init__(self, items: _Optional[_Iterable[_Union[_recommendation_pb2.Recommendation, _Mapping]]] = ..., basis: _Optional[_Union[_recommendation_pb2.Basis, str]] = ..., model_version: _Optional[str] = ...) -> None: ...

class FrequentlyBoughtTogetherRequest(_message.Message):
    __slots__ = ("skus", "max_items")
    SKUS_FIELD_NUMBER: _ClassVar[int]
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    skus: _containers.RepeatedScalarFieldContainer[str]
    max_items: int
    def __init__(self, skus: _Optional[_Iterable[str]] = ..., max_items: _Optional[int] = ...) -> None: ...

class FrequentlyBoughtTogetherResponse(_message.Message):
    __slots__ = ("items", "basis")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_recommendation_pb2.Recommendation]
    basis: _recommendation_pb2.Basis
    def __init__(self, items: _Optional[_Iterable[_Union[_recommendation_pb2.Recommendation, _Mapping]]] = ..., basis: _Optional[_Union[_recommendation_pb2.Basis, str]] = ...) -> None: ...

class PopularProductsRequest(_message.Message):
    __slots__ = ("max_items",)
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    max_items: int
    def __init__(self, max_items: _Optional[int] = ...) -> None: ...

class PopularProductsResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_recommendation_pb2.Recommendation]
    def __init__(self, items: _Optional[_Iterable[_Union[_recommendation_pb2.Recommendation, _Mapping]]] = ...) -> None: ...

class GetModelRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetModelResponse(_message.Message):
    __slots__ = ("model", "orders", "orders_since", "is_training", "problem")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    ORDERS_SINCE_FIELD_NUMBER: _ClassVar[int]
    IS_TRAINING_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    model: _model_pb2.Model
    orders: int
    orders_since: int
    is_training: bool
    problem: str
    def __init__(self, model: _Optional[_Union[_model_pb2.Model, _Mapping]] = ..., orders: _Optional[int] = ..., orders_since: _Optional[int] = ..., is_training: _Optional[bool] = ..., problem: _Optional[str] = ...) -> None: ...

class AuditRecommendationsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AuditRecommendationsResponse(_message.Message):
    __slots__ = ("findings", "counts")
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    findings: _containers.RepeatedCompositeFieldContainer[_audit_pb2.AuditFinding]
    counts: _containers.RepeatedCompositeFieldContainer[_audit_pb2.AuditCount]
    def __init__(self, findings: _Optional[_Iterable[_Union[_audit_pb2.AuditFinding, _Mapping]]] = ..., counts: _Optional[_Iterable[_Union[_audit_pb2.AuditCount, _Mapping]]] = ...) -> None: ...
