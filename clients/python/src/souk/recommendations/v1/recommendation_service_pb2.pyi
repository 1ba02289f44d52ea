from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from souk.policy.v1 import policy_pb2 as _policy_pb2
from souk.recommendations.v1 import model_pb2 as _model_pb2
from souk.recommendations.v1 import recommendation_pb2 as _recommendation_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListRecommendationsRequest(_message.Message):
    __slots__ = ("customer_id", "basket_skus", "max_items", "exclude_purchased")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    BASKET_SKUS_FIELD_NUMBER: _ClassVar[int]
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_PURCHASED_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    basket_skus: _containers.RepeatedScalarFieldContainer[str]
    max_items: int
    exclude_purchased: bool
    def __init__(self, customer_id: _Optional[str] = ..., basket_skus: _Optional[_Iterable[str]] = ..., max_items: _Optional[int] = ..., exclude_purchased: _Optional[bool] = ...) -> None: ...

class ListRecommendationsResponse(_message.Message):
    __slots__ = ("list",)
    LIST_FIELD_NUMBER: _ClassVar[int]
    list: _recommendation_pb2.RecommendationList
    def __init__(self, list: _Optional[_Union[_recommendation_pb2.RecommendationList, _Mapping]] = ...) -> None: ...

class ListSimilarProductsRequest(_message.Message):
    __slots__ = ("sku", "max_items")
    SKU_FIELD_NUMBER: _ClassVar[int]
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    sku: str
    max_items: int
    def __init__(self, sku: _Optional[str] = ..., max_items: _Optional[int] = ...) -> None: ...

class ListSimilarProductsResponse(_message.Message):
    __slots__ = ("list",)
    LIST_FIELD_NUMBER: _ClassVar[int]
    list: _recommendation_pb2.RecommendationList
    def __init__(self, list: _Optional[_Union[_recommendation_pb2.RecommendationList, _Mapping]] = ...) -> None: ...

class ListProductsBoughtTogetherRequest(_message.Message):
    __slots__ = ("skus", "max_items")
    SKUS_FIELD_NUMBER: _ClassVar[int]
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    skus: _containers.RepeatedScalarFieldContainer[str]
    max_items: int
    def __init__(self, skus: _Optional[_Iterable[str]] = ..., max_items: _Optional[int] = ...) -> None: ...

class ListProductsBoughtTogetherResponse(_message.Message):
    __slots__ = ("list",)
    LIST_FIELD_NUMBER: _ClassVar[int]
    list: _recommendation_pb2.RecommendationList
    def __init__(self, list: _Optional[_Union[_recommendation_pb2.RecommendationList, _Mapping]] = ...) -> None: ...

class ListPopularProductsRequest(_message.Message):
    __slots__ = ("max_items",)
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    max_items: int
    def __init__(self, max_items: _Optional[int] = ...) -> None: ...

class ListPopularProductsResponse(_message.Message):
    __slots__ = ("list",)
    LIST_FIELD_NUMBER: _ClassVar[int]
    list: _recommendation_pb2.RecommendationList
    def __init__(self, list: _Optional[_Union[_recommendation_pb2.RecommendationList, _Mapping]] = ...) -> None: ...

class GetModelRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetModelResponse(_message.Message):
    __slots__ = ("model", "order_count", "new_order_count", "training", "problem")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ORDER_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEW_ORDER_COUNT_FIELD_NUMBER: _ClassVar[int]
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    model: _model_pb2.Model
    order_count: int
    new_order_count: int
    training: bool
    problem: str
    def __init__(self, model: _Optional[_Union[_model_pb2.Model, _Mapping]] = ..., order_count: _Optional[int] = ..., new_order_count: _Optional[int] = ..., training: _Optional[bool] = ..., problem: _Optional[str] = ...) -> None: ...
