from buf.validate import validate_pb2 as _validate_pb2
from souk.catalog.v1 import error_reason_pb2 as _error_reason_pb2
from souk.catalog.v1 import price_pb2 as _price_pb2
from souk.catalog.v1 import product_pb2 as _product_pb2
from souk.catalog.v1 import variant_pb2 as _variant_pb2
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
    __slots__ = ("product", "variants", "initial_state")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    INITIAL_STATE_FIELD_NUMBER: _ClassVar[int]
    product: _product_pb2.Product
    variants: _containers.RepeatedCompositeFieldContainer[ImportedVariant]
    initial_state: _product_pb2.ProductState
    def __init__(self, product: _Optional[_Union[_product_pb2.Product, _Mapping]] = ..., variants: _Optional[_Iterable[_Union[ImportedVariant, _Mapping]]] = ..., initial_state: _Optional[_Union[_product_pb2.ProductState, str]] = ...) -> None: ...

class ImportedVariant(_message.Message):
    __slots__ = ("variant", "prices")
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    variant: _variant_pb2.Variant
    prices: _containers.RepeatedCompositeFieldContainer[_price_pb2.Price]
    def __init__(self, variant: _Optional[_Union[_variant_pb2.Variant, _Mapping]] = ..., prices: _Optional[_Iterable[_Union[_price_pb2.Price, _Mapping]]] = ...) -> None: ...

class ImportProductsMetadata(_message.Message):
    __slots__ = ("item_count", "done_count", "failed_count")
    ITEM_COUNT_FIELD_NUMBER: _ClassVar[int]
    DONE_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    item_count: int
    done_count: int
    failed_count: int
    def __init__(self, item_count: _Optional[int] = ..., done_count: _Optional[int] = ..., failed_count: _Optional[int] = ...) -> None: ...

class ImportProductsResult(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ImportResult]
    def __init__(self, results: _Optional[_Iterable[_Union[ImportResult, _Mapping]]] = ...) -> None: ...

class ImportResult(_message.Message):
    __slots__ = ("external_key", "outcome", "product_id", "created_variant_count", "created_price_count", "error")
    EXTERNAL_KEY_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_VARIANT_COUNT_FIELD_NUMBER: _ClassVar[int]
    CREATED_PRICE_COUNT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    external_key: str
    outcome: ImportOutcome
    product_id: str
    created_variant_count: int
    created_price_count: int
    error: ImportError
    def __init__(self, external_key: _Optional[str] = ..., outcome: _Optional[_Union[ImportOutcome, str]] = ..., product_id: _Optional[str] = ..., created_variant_count: _Optional[int] = ..., created_price_count: _Optional[int] = ..., error: _Optional[_Union[ImportError, _Mapping]] = ...) -> None: ...

class ImportError(_message.Message):
    __slots__ = ("reason", "field", "message")
    REASON_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: _error_reason_pb2.ErrorReason
    field: str
    message: str
    def __init__(self, reason: _Optional[_Union[_error_reason_pb2.ErrorReason, str]] = ..., field: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
