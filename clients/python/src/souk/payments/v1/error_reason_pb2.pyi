from souk.policy.v1 import reason_pb2 as _reason_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_PAYMENT_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_PAYMENT_DIFFERS: _ClassVar[ErrorReason]
    ERROR_REASON_PAYMENT_STATE: _ClassVar[ErrorReason]
    ERROR_REASON_PAYMENT_DECLINED: _ClassVar[ErrorReason]
    ERROR_REASON_PROVIDER_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_PAYMENT_BUSY: _ClassVar[ErrorReason]
    ERROR_REASON_CAPTURE_EXCEEDS_AUTHORIZED: _ClassVar[ErrorReason]
    ERROR_REASON_CAPTURE_DIFFERS: _ClassVar[ErrorReason]
    ERROR_REASON_REFUND_EXCEEDS_CAPTURED: _ClassVar[ErrorReason]
    ERROR_REASON_REFUND_DIFFERS: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_AMOUNT: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_PAYMENT_METHOD: _ClassVar[ErrorReason]
    ERROR_REASON_LEDGER_REFUSED: _ClassVar[ErrorReason]
    ERROR_REASON_PAYMENT_OF_ORDER: _ClassVar[ErrorReason]
    ERROR_REASON_ACTION_EXPIRED: _ClassVar[ErrorReason]
    ERROR_REASON_PROVIDER_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_SIGNATURE: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_PAYMENT_NOT_FOUND: ErrorReason
ERROR_REASON_PAYMENT_DIFFERS: ErrorReason
ERROR_REASON_PAYMENT_STATE: ErrorReason
ERROR_REASON_PAYMENT_DECLINED: ErrorReason
ERROR_REASON_PROVIDER_UNAVAILABLE: ErrorReason
ERROR_REASON_PAYMENT_BUSY: ErrorReason
ERROR_REASON_CAPTURE_EXCEEDS_AUTHORIZED: ErrorReason
ERROR_REASON_CAPTURE_DIFFERS: ErrorReason
ERROR_REASON_REFUND_EXCEEDS_CAPTURED: ErrorReason
ERROR_REASON_REFUND_DIFFERS: ErrorReason
ERROR_REASON_INVALID_AMOUNT: ErrorReason
ERROR_REASON_UNKNOWN_PAYMENT_METHOD: ErrorReason
ERROR_REASON_LEDGER_REFUSED: ErrorReason
ERROR_REASON_PAYMENT_OF_ORDER: ErrorReason
ERROR_REASON_ACTION_EXPIRED: ErrorReason
ERROR_REASON_PROVIDER_NOT_FOUND: ErrorReason
ERROR_REASON_INVALID_SIGNATURE: ErrorReason
