from souk.policy.v1 import reason_pb2 as _reason_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_SUBSCRIPTION_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_SUBSCRIPTION_EXISTS: _ClassVar[ErrorReason]
    ERROR_REASON_STREAM_PROTOCOL: _ClassVar[ErrorReason]
    ERROR_REASON_NO_SUCH_PARTITION: _ClassVar[ErrorReason]
    ERROR_REASON_LOG_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_EVENT_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_DEAD_LETTER_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_SUBSCRIPTION_CHANGED: _ClassVar[ErrorReason]
    ERROR_REASON_TYPE_NOT_YOURS: _ClassVar[ErrorReason]
    ERROR_REASON_SUBSCRIPTION_NOT_YOURS: _ClassVar[ErrorReason]
    ERROR_REASON_SUBSCRIPTION_DIFFERS: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_SUBSCRIPTION_NOT_FOUND: ErrorReason
ERROR_REASON_SUBSCRIPTION_EXISTS: ErrorReason
ERROR_REASON_STREAM_PROTOCOL: ErrorReason
ERROR_REASON_NO_SUCH_PARTITION: ErrorReason
ERROR_REASON_LOG_UNAVAILABLE: ErrorReason
ERROR_REASON_EVENT_TOO_LARGE: ErrorReason
ERROR_REASON_DEAD_LETTER_NOT_FOUND: ErrorReason
ERROR_REASON_SUBSCRIPTION_CHANGED: ErrorReason
ERROR_REASON_TYPE_NOT_YOURS: ErrorReason
ERROR_REASON_SUBSCRIPTION_NOT_YOURS: ErrorReason
ERROR_REASON_SUBSCRIPTION_DIFFERS: ErrorReason
