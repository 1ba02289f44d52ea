import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.catalog.v1 import price_pb2 as _price_pb2
from souk.catalog.v1 import product_pb2 as _product_pb2
from souk.type.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ImportOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IMPORT_OUTCOME_UNSPECIFIED: _ClassVar[ImportOutcome]
    IMPORT_OUTCOME_CREATED: _ClassVar[ImportOutcome]
    IMPORT_OUTCOME_EXTENDED: _ClassVar[ImportOutcome]
    IMPORT_OUTCOME_UNCHANGED: _ClassVar[ImportOutcome]
    IMPORT_OUTCOME_FAILED: _ClassVar[ImportOutcome]
IMPORT_OUTCOME_UNSPECIFIED: ImportOutcome
IMPORT_OUTCOME_CREATED: ImportOutcome
IMPORT_OUTCOME_EXTENDED: ImportOutcome
IMPORT_OUTCOME_UNCHANGED: ImportOutcome
IMPORT_OUTCOME_FAILED: ImportOutcome

class ImportedProduct(_message.Message):
    __slots__ = ("external_key", "title", "description", "state", "labels", "variants")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    EXTERNAL_KEY_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    external_key: str
    title: str
    description: str
    state: _product_pb2.ProductState
    labels: _containers.ScalarMap[str, str]
    variants: _containers.RepeatedCompositeFieldContainer[ImportedVariant]
    def __init__(self, external_key: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., state: _Optional[_Union[_product_pb2.ProductState, str]] = ..., labels: _Optional[_Mapping[str, str]] = ..., variants: _Optional[_Iterable[_Union[ImportedVariant, _Mapping]]] = ...) -> None: ...

class ImportedVariant(_message.Message):
    __slots__ = ("sku", "title", "attributes", "prices")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SKU_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    sku: str
    title: str
    attributes: _containers.ScalarMap[str, str]
    prices: _containers.RepeatedCompositeFieldContainer[ImportedPrice]
    def __init__(self, sku: _Optional[str] = ..., title: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., prices: _Optional[_Iterable[_Union[ImportedPrice, _Mapping]]] = ...) -> None: ...

class ImportedPrice(_message.Message):
    __slots__ = ("unit_price", "effective_time", "is_default", "audience")
    UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    IS_DEFAULT_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    unit_price: _money_pb2.Money
    effective_time: _timestamp_pb2.Timestamp
    is_default: bool
    audience: _price_pb2.PriceAudience
    def __init__(self, unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., is_default: _Optional[bool] = ..., audience: _Optional[_Union[_price_pb2.PriceAudience, str]] = ...) -> None: ...

class ImportResult(_message.Message):
    __slots__ = ("external_key", "outcome", "product_id", "variants_created", "prices_created", "error")
    EXTERNAL_KEY_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_CREATED_FIELD_NUMBER: _ClassVar[int]
    PRICES_CREATED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    external_key: str
    outcome: ImportOutcome
    product_id: str
    variants_created: int
    prices_created: int
    error: ImportError
    def __init__(self, external_key: _Optional[str] = ..., outcome: _Optional[_Union[ImportOutcome, str]] = ..., product_id: _Optional[str] = ..., variants_created: _Optional[int] = ..., prices_created: _Optional[int] = ..., error: _Optional[_Union[ImportError, _Mapping]] = ...) -> None: ...

class ImportError(_message.Message):
    __slots__ = ("reason", "field", "message")
    REASON_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    field: str
    message: str
    def __init__(self, reason: _Optional[str] = ..., field: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
