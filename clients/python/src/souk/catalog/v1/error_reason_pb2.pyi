from souk.policy.v1 import reason_pb2 as _reason_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_PRODUCT_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_VARIANT_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_PRICE_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_SKU_EXISTS: _ClassVar[ErrorReason]
    ERROR_REASON_PRICE_EXISTS: _ClassVar[ErrorReason]
    ERROR_REASON_EXTERNAL_KEY_EXISTS: _ClassVar[ErrorReason]
    ERROR_REASON_PRODUCT_STATE: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_VARIANTS: _ClassVar[ErrorReason]
    ERROR_REASON_PRICE_ARCHIVED: _ClassVar[ErrorReason]
    ERROR_REASON_PRICE_IS_DEFAULT: _ClassVar[ErrorReason]
    ERROR_REASON_CURRENCY_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_PRODUCT_NOT_FOR_SALE: _ClassVar[ErrorReason]
    ERROR_REASON_VARIANT_NOT_FOR_SALE: _ClassVar[ErrorReason]
    ERROR_REASON_CHANNEL_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_PRICE_RESTRICTED: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_ITEMS: _ClassVar[ErrorReason]
    ERROR_REASON_DUPLICATE: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_ITEM: _ClassVar[ErrorReason]
    ERROR_REASON_IMPORT_TOO_LARGE: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_PRODUCT_NOT_FOUND: ErrorReason
ERROR_REASON_VARIANT_NOT_FOUND: ErrorReason
ERROR_REASON_PRICE_NOT_FOUND: ErrorReason
ERROR_REASON_SKU_EXISTS: ErrorReason
ERROR_REASON_PRICE_EXISTS: ErrorReason
ERROR_REASON_EXTERNAL_KEY_EXISTS: ErrorReason
ERROR_REASON_PRODUCT_STATE: ErrorReason
ERROR_REASON_TOO_MANY_VARIANTS: ErrorReason
ERROR_REASON_PRICE_ARCHIVED: ErrorReason
ERROR_REASON_PRICE_IS_DEFAULT: ErrorReason
ERROR_REASON_CURRENCY_MISMATCH: ErrorReason
ERROR_REASON_PRODUCT_NOT_FOR_SALE: ErrorReason
ERROR_REASON_VARIANT_NOT_FOR_SALE: ErrorReason
ERROR_REASON_CHANNEL_MISMATCH: ErrorReason
ERROR_REASON_PRICE_RESTRICTED: ErrorReason
ERROR_REASON_TOO_MANY_ITEMS: ErrorReason
ERROR_REASON_DUPLICATE: ErrorReason
ERROR_REASON_INVALID_ITEM: ErrorReason
ERROR_REASON_IMPORT_TOO_LARGE: ErrorReason
