from souk.policy.v1 import reason_pb2 as _reason_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_SAGA_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_SAGA_NOT_QUARANTINED: _ClassVar[ErrorReason]
    ERROR_REASON_SAGA_BUSY: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_SAGA_NOT_FOUND: ErrorReason
ERROR_REASON_SAGA_NOT_QUARANTINED: ErrorReason
ERROR_REASON_SAGA_BUSY: ErrorReason
