from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.rpc import code_pb2 as _code_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Retry(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RETRY_UNSPECIFIED: _ClassVar[Retry]
    RETRY_NEVER: _ClassVar[Retry]
    RETRY_BACKOFF: _ClassVar[Retry]
    RETRY_UNKNOWN: _ClassVar[Retry]
RETRY_UNSPECIFIED: Retry
RETRY_NEVER: Retry
RETRY_BACKOFF: Retry
RETRY_UNKNOWN: Retry
REASON_FIELD_NUMBER: _ClassVar[int]
reason: _descriptor.FieldDescriptor

class ReasonPolicy(_message.Message):
    __slots__ = ("code", "metadata", "optional_metadata", "retry", "http_status")
    CODE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    OPTIONAL_METADATA_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    code: _code_pb2.Code
    metadata: _containers.RepeatedScalarFieldContainer[str]
    optional_metadata: _containers.RepeatedScalarFieldContainer[str]
    retry: Retry
    http_status: int
    def __init__(self, code: _Optional[_Union[_code_pb2.Code, str]] = ..., metadata: _Optional[_Iterable[str]] = ..., optional_metadata: _Optional[_Iterable[str]] = ..., retry: _Optional[_Union[Retry, str]] = ..., http_status: _Optional[int] = ...) -> None: ...
