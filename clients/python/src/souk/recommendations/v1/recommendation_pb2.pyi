from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReasonKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_KIND_UNSPECIFIED: _ClassVar[ReasonKind]
    REASON_KIND_BOUGHT_BEFORE: _ClassVar[ReasonKind]
    REASON_KIND_SIMILAR_TO: _ClassVar[ReasonKind]
    REASON_KIND_BOUGHT_TOGETHER_WITH: _ClassVar[ReasonKind]
    REASON_KIND_POPULAR: _ClassVar[ReasonKind]

class Basis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BASIS_UNSPECIFIED: _ClassVar[Basis]
    BASIS_PERSONAL: _ClassVar[Basis]
    BASIS_BASKET: _ClassVar[Basis]
    BASIS_POPULAR: _ClassVar[Basis]
REASON_KIND_UNSPECIFIED: ReasonKind
REASON_KIND_BOUGHT_BEFORE: ReasonKind
REASON_KIND_SIMILAR_TO: ReasonKind
REASON_KIND_BOUGHT_TOGETHER_WITH: ReasonKind
REASON_KIND_POPULAR: ReasonKind
BASIS_UNSPECIFIED: Basis
BASIS_PERSONAL: Basis
BASIS_BASKET: Basis
BASIS_POPULAR: Basis

class RecommendationList(_message.Message):
    __slots__ = ("items", "basis", "model_version")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Recommendation]
    basis: Basis
    model_version: str
    def __init__(self, items: _Optional[_Iterable[_Union[Recommendation, _Mapping]]] = ..., basis: _Optional[_Union[Basis, str]] = ..., model_version: _Optional[str] = ...) -> None: ...

class Recommendation(_message.Message):
    __slots__ = ("sku", "product_id", "title", "score", "reason", "basis")
    SKU_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    sku: str
    product_id: str
    title: str
    score: float
    reason: RecommendationReason
    basis: Basis
    def __init__(self, sku: _Optional[str] = ..., product_id: _Optional[str] = ..., title: _Optional[str] = ..., score: _Optional[float] = ..., reason: _Optional[_Union[RecommendationReason, _Mapping]] = ..., basis: _Optional[_Union[Basis, str]] = ...) -> None: ...

class RecommendationReason(_message.Message):
    __slots__ = ("kind", "because_of_sku", "because_of_title")
    KIND_FIELD_NUMBER: _ClassVar[int]
    BECAUSE_OF_SKU_FIELD_NUMBER: _ClassVar[int]
    BECAUSE_OF_TITLE_FIELD_NUMBER: _ClassVar[int]
    kind: ReasonKind
    because_of_sku: str
    because_of_title: str
    def __init__(self, kind: _Optional[_Union[ReasonKind, str]] = ..., because_of_sku: _Optional[str] = ..., because_of_title: _Optional[str] = ...) -> None: ...
