from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_ORDER_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_PRICE_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_PRICE_CHANGED: _ClassVar[ErrorReason]
    ERROR_REASON_TOTAL_OVERFLOW: _ClassVar[ErrorReason]
    ERROR_REASON_OUT_OF_STOCK: _ClassVar[ErrorReason]
    ERROR_REASON_PAYMENT_DECLINED: _ClassVar[ErrorReason]
    ERROR_REASON_RESERVATION_EXPIRED: _ClassVar[ErrorReason]
    ERROR_REASON_GAVE_UP: _ClassVar[ErrorReason]
    ERROR_REASON_ORDER_CANCELED: _ClassVar[ErrorReason]
    ERROR_REASON_ORDER_STATE: _ClassVar[ErrorReason]
    ERROR_REASON_ORDER_BUSY: _ClassVar[ErrorReason]
    ERROR_REASON_LINE_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_REFUND_EXCEEDS_ORDER: _ClassVar[ErrorReason]
    ERROR_REASON_REFUND_DECLINED: _ClassVar[ErrorReason]
    ERROR_REASON_OTHER_CUSTOMER: _ClassVar[ErrorReason]
    ERROR_REASON_EFFECTIVE_TIME: _ClassVar[ErrorReason]
    ERROR_REASON_NOT_QUARANTINED: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_RESUME_TOKEN: _ClassVar[ErrorReason]
    ERROR_REASON_REQUEST_ID_REUSED: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_ORDER_NOT_FOUND: ErrorReason
ERROR_REASON_PRICE_NOT_FOUND: ErrorReason
ERROR_REASON_PRICE_CHANGED: ErrorReason
ERROR_REASON_TOTAL_OVERFLOW: ErrorReason
ERROR_REASON_OUT_OF_STOCK: ErrorReason
ERROR_REASON_PAYMENT_DECLINED: ErrorReason
ERROR_REASON_RESERVATION_EXPIRED: ErrorReason
ERROR_REASON_GAVE_UP: ErrorReason
ERROR_REASON_ORDER_CANCELED: ErrorReason
ERROR_REASON_ORDER_STATE: ErrorReason
ERROR_REASON_ORDER_BUSY: ErrorReason
ERROR_REASON_LINE_NOT_FOUND: ErrorReason
ERROR_REASON_REFUND_EXCEEDS_ORDER: ErrorReason
ERROR_REASON_REFUND_DECLINED: ErrorReason
ERROR_REASON_OTHER_CUSTOMER: ErrorReason
ERROR_REASON_EFFECTIVE_TIME: ErrorReason
ERROR_REASON_NOT_QUARANTINED: ErrorReason
ERROR_REASON_INVALID_RESUME_TOKEN: ErrorReason
ERROR_REASON_REQUEST_ID_REUSED: ErrorReason
