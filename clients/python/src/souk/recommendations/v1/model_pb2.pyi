import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RankingMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RANKING_METHOD_UNSPECIFIED: _ClassVar[RankingMethod]
    RANKING_METHOD_MODEL: _ClassVar[RankingMethod]
    RANKING_METHOD_POPULARITY: _ClassVar[RankingMethod]
    RANKING_METHOD_PERSONAL_FREQUENCY: _ClassVar[RankingMethod]
    RANKING_METHOD_MODEL_EXCLUDE_PURCHASED: _ClassVar[RankingMethod]
    RANKING_METHOD_POPULARITY_EXCLUDE_PURCHASED: _ClassVar[RankingMethod]
RANKING_METHOD_UNSPECIFIED: RankingMethod
RANKING_METHOD_MODEL: RankingMethod
RANKING_METHOD_POPULARITY: RankingMethod
RANKING_METHOD_PERSONAL_FREQUENCY: RankingMethod
RANKING_METHOD_MODEL_EXCLUDE_PURCHASED: RankingMethod
RANKING_METHOD_POPULARITY_EXCLUDE_PURCHASED: RankingMethod

class Model(_message.Message):
    __slots__ = ("version", "train_time", "train_duration", "order_count", "customer_count", "sku_count", "evaluation")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TRAIN_TIME_FIELD_NUMBER: _ClassVar[int]
    TRAIN_DURATION_FIELD_NUMBER: _ClassVar[int]
    ORDER_COUNT_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_COUNT_FIELD_NUMBER: _ClassVar[int]
    SKU_COUNT_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    version: str
    train_time: _timestamp_pb2.Timestamp
    train_duration: _duration_pb2.Duration
    order_count: int
    customer_count: int
    sku_count: int
    evaluation: Evaluation
    def __init__(self, version: _Optional[str] = ..., train_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., train_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., order_count: _Optional[int] = ..., customer_count: _Optional[int] = ..., sku_count: _Optional[int] = ..., evaluation: _Optional[_Union[Evaluation, _Mapping]] = ...) -> None: ...

class Evaluation(_message.Message):
    __slots__ = ("split_time", "customer_count", "methods")
    SPLIT_TIME_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_COUNT_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    split_time: _timestamp_pb2.Timestamp
    customer_count: int
    methods: _containers.RepeatedCompositeFieldContainer[MethodQuality]
    def __init__(self, split_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., customer_count: _Optional[int] = ..., methods: _Optional[_Iterable[_Union[MethodQuality, _Mapping]]] = ...) -> None: ...

class MethodQuality(_message.Message):
    __slots__ = ("method", "recall", "ndcg", "recall_repeat", "ndcg_repeat", "recall_explore", "ndcg_explore")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    RECALL_FIELD_NUMBER: _ClassVar[int]
    NDCG_FIELD_NUMBER: _ClassVar[int]
    RECALL_REPEAT_FIELD_NUMBER: _ClassVar[int]
    NDCG_REPEAT_FIELD_NUMBER: _ClassVar[int]
    RECALL_EXPLORE_FIELD_NUMBER: _ClassVar[int]
    NDCG_EXPLORE_FIELD_NUMBER: _ClassVar[int]
    method: RankingMethod
    recall: float
    ndcg: float
    recall_repeat: float
    ndcg_repeat: float
    recall_explore: float
    ndcg_explore: float
    def __init__(self, method: _Optional[_Union[RankingMethod, str]] = ..., recall: _Optional[float] = ..., ndcg: _Optional[float] = ..., recall_repeat: _Optional[float] = ..., ndcg_repeat: _Optional[float] = ..., recall_explore: _Optional[float] = ..., ndcg_explore: _Optional[float] = ...) -> None: ...
