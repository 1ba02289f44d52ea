from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from souk.policy.v1 import policy_pb2 as _policy_pb2
from souk.policy.v1 import service_pb2 as _service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CheckInvariantsRequest(_message.Message):
    __slots__ = ("service",)
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    service: str
    def __init__(self, service: _Optional[str] = ...) -> None: ...

class CheckInvariantsResponse(_message.Message):
    __slots__ = ("reports",)
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    reports: _containers.RepeatedCompositeFieldContainer[InvariantReport]
    def __init__(self, reports: _Optional[_Iterable[_Union[InvariantReport, _Mapping]]] = ...) -> None: ...

class InvariantReport(_message.Message):
    __slots__ = ("service", "findings", "counts")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    service: str
    findings: _containers.RepeatedCompositeFieldContainer[AuditFinding]
    counts: _containers.RepeatedCompositeFieldContainer[AuditCount]
    def __init__(self, service: _Optional[str] = ..., findings: _Optional[_Iterable[_Union[AuditFinding, _Mapping]]] = ..., counts: _Optional[_Iterable[_Union[AuditCount, _Mapping]]] = ...) -> None: ...

class AuditFinding(_message.Message):
    __slots__ = ("invariant", "subject", "detail")
    INVARIANT_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    invariant: str
    subject: str
    detail: str
    def __init__(self, invariant: _Optional[str] = ..., subject: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class AuditCount(_message.Message):
    __slots__ = ("what", "count")
    WHAT_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    what: str
    count: int
    def __init__(self, what: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...
