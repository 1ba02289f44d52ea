import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Model(_message.Message):
    __slots__ = ("version", "train_time", "train_milliseconds", "orders", "customers", "skus", "evaluation")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TRAIN_TIME_FIELD_NUMBER: _ClassVar[int]
    TRAIN_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    SKUS_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    version: str
    train_time: _timestamp_pb2.Timestamp
    train_milliseconds: int
    orders: int
    customers: int
    skus: int
    evaluation: Evaluation
    def __init__(self, version: _Optional[str] = ..., train_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., train_milliseconds: _Optional[int] = ..., orders: _Optional[int] = ..., customers: _Optional[int] = ..., skus: _Optional[int] = ..., evaluation: _Optional[_Union[Evaluation, _Mapping]] = ...) -> None: ...

class Evaluation(_message.Message):
    __slots__ = ("split_time", "customers", "methods")
    SPLIT_TIME_FIELD_NUMBER: _ClassVar[int]
    CUSTOMERS_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    split_time: _timestamp_pb2.Timestamp
    customers: int
    methods: _containers.RepeatedCompositeFieldContainer[MethodQuality]
    def __init__(self, split_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., customers: _Optional[int] = ..., methods: _Optional[_Iterable[_Union[MethodQuality, _Mapping]]] = ...) -> None: ...

class MethodQuality(_message.Message):
    __slots__ = ("method", "recall", "ndcg", "recall_repeat", "ndcg_repeat", "recall_explore", "ndcg_explore")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    RECALL_FIELD_NUMBER: _ClassVar[int]
    NDCG_FIELD_NUMBER: _ClassVar[int]
    RECALL_REPEAT_FIELD_NUMBER: _ClassVar[int]
    NDCG_REPEAT_FIELD_NUMBER: _ClassVar[int]
    RECALL_EXPLORE_FIELD_NUMBER: _ClassVar[int]
    NDCG_EXPLORE_FIELD_NUMBER: _ClassVar[int]
    method: str
    recall: float
    ndcg: float
    recall_repeat: float
    ndcg_repeat: float
    recall_explore: float
    ndcg_explore: float
    def __init__(self, method: _Optional[str] = ..., recall: _Optional[float] = ..., ndcg: _Optional[float] = ..., recall_repeat: _Optional[float] = ..., ndcg_repeat: _Optional[float] = ..., recall_explore: _Optional[float] = ..., ndcg_explore: _Optional[float] = ...) -> None: ...
