import datetime

from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Caller(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CALLER_UNSPECIFIED: _ClassVar[Caller]
    CALLER_PUBLIC: _ClassVar[Caller]
    CALLER_USER: _ClassVar[Caller]
    CALLER_SERVICE: _ClassVar[Caller]
    CALLER_STAFF: _ClassVar[Caller]

class Criticality(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CRITICALITY_UNSPECIFIED: _ClassVar[Criticality]
    CRITICALITY_CRITICAL_PLUS: _ClassVar[Criticality]
    CRITICALITY_CRITICAL: _ClassVar[Criticality]
    CRITICALITY_SHEDDABLE_PLUS: _ClassVar[Criticality]
    CRITICALITY_SHEDDABLE: _ClassVar[Criticality]
CALLER_UNSPECIFIED: Caller
CALLER_PUBLIC: Caller
CALLER_USER: Caller
CALLER_SERVICE: Caller
CALLER_STAFF: Caller
CRITICALITY_UNSPECIFIED: Criticality
CRITICALITY_CRITICAL_PLUS: Criticality
CRITICALITY_CRITICAL: Criticality
CRITICALITY_SHEDDABLE_PLUS: Criticality
CRITICALITY_SHEDDABLE: Criticality
METHOD_FIELD_NUMBER: _ClassVar[int]
method: _descriptor.FieldDescriptor

class MethodPolicy(_message.Message):
    __slots__ = ("grants", "criticality", "timeout", "reasons", "own", "idempotency", "http_status")
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    CRITICALITY_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    OWN_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_FIELD_NUMBER: _ClassVar[int]
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    grants: _containers.RepeatedCompositeFieldContainer[Grant]
    criticality: Criticality
    timeout: _duration_pb2.Duration
    reasons: _containers.RepeatedScalarFieldContainer[str]
    own: str
    idempotency: IdempotencyPolicy
    http_status: int
    def __init__(self, grants: _Optional[_Iterable[_Union[Grant, _Mapping]]] = ..., criticality: _Optional[_Union[Criticality, str]] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., reasons: _Optional[_Iterable[str]] = ..., own: _Optional[str] = ..., idempotency: _Optional[_Union[IdempotencyPolicy, _Mapping]] = ..., http_status: _Optional[int] = ...) -> None: ...

class IdempotencyPolicy(_message.Message):
    __slots__ = ("key", "window")
    KEY_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    key: str
    window: _duration_pb2.Duration
    def __init__(self, key: _Optional[str] = ..., window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("caller", "scopes", "excludes_guests")
    CALLER_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    EXCLUDES_GUESTS_FIELD_NUMBER: _ClassVar[int]
    caller: Caller
    scopes: _containers.RepeatedScalarFieldContainer[str]
    excludes_guests: bool
    def __init__(self, caller: _Optional[_Union[Caller, str]] = ..., scopes: _Optional[_Iterable[str]] = ..., excludes_guests: _Optional[bool] = ...) -> None: ...
