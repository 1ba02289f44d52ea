from souk.policy.v1 import reason_pb2 as _reason_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_LOCATION_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_LOCATION_EXISTS: _ClassVar[ErrorReason]
    ERROR_REASON_STOCK_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_OUT_OF_STOCK: _ClassVar[ErrorReason]
    ERROR_REASON_RESERVATION_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_RESERVATION_STATE: _ClassVar[ErrorReason]
    ERROR_REASON_RESERVATION_DIFFERS: _ClassVar[ErrorReason]
    ERROR_REASON_STOCK_WOULD_FALL_SHORT: _ClassVar[ErrorReason]
    ERROR_REASON_RETURN_EXCEEDS_CONSUMED: _ClassVar[ErrorReason]
    ERROR_REASON_QUANTITY_OVERFLOW: _ClassVar[ErrorReason]
    ERROR_REASON_RESERVATION_OF_ORDER: _ClassVar[ErrorReason]
    ERROR_REASON_EXCEEDS_RESERVED: _ClassVar[ErrorReason]
    ERROR_REASON_STOCK_NOT_ON_HAND: _ClassVar[ErrorReason]
    ERROR_REASON_UNITS_BACKORDERED: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_LOCATION_NOT_FOUND: ErrorReason
ERROR_REASON_LOCATION_EXISTS: ErrorReason
ERROR_REASON_STOCK_NOT_FOUND: ErrorReason
ERROR_REASON_OUT_OF_STOCK: ErrorReason
ERROR_REASON_RESERVATION_NOT_FOUND: ErrorReason
ERROR_REASON_RESERVATION_STATE: ErrorReason
ERROR_REASON_RESERVATION_DIFFERS: ErrorReason
ERROR_REASON_STOCK_WOULD_FALL_SHORT: ErrorReason
ERROR_REASON_RETURN_EXCEEDS_CONSUMED: ErrorReason
ERROR_REASON_QUANTITY_OVERFLOW: ErrorReason
ERROR_REASON_RESERVATION_OF_ORDER: ErrorReason
ERROR_REASON_EXCEEDS_RESERVED: ErrorReason
ERROR_REASON_STOCK_NOT_ON_HAND: ErrorReason
ERROR_REASON_UNITS_BACKORDERED: ErrorReason
