import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from souk.policy.v1 import policy_pb2 as _policy_pb2
from souk.policy.v1 import service_pb2 as _service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FaultAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAULT_ACTION_UNSPECIFIED: _ClassVar[FaultAction]
    FAULT_ACTION_LOSE_RESPONSE: _ClassVar[FaultAction]
    FAULT_ACTION_CRASH_BEFORE: _ClassVar[FaultAction]
    FAULT_ACTION_CRASH_AFTER: _ClassVar[FaultAction]
FAULT_ACTION_UNSPECIFIED: FaultAction
FAULT_ACTION_LOSE_RESPONSE: FaultAction
FAULT_ACTION_CRASH_BEFORE: FaultAction
FAULT_ACTION_CRASH_AFTER: FaultAction

class Fault(_message.Message):
    __slots__ = ("fault_id", "target", "key", "skip_count", "fail_count", "delay", "error_code", "action")
    FAULT_ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    SKIP_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAIL_COUNT_FIELD_NUMBER: _ClassVar[int]
    DELAY_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    fault_id: int
    target: str
    key: str
    skip_count: int
    fail_count: int
    delay: _duration_pb2.Duration
    error_code: int
    action: FaultAction
    def __init__(self, fault_id: _Optional[int] = ..., target: _Optional[str] = ..., key: _Optional[str] = ..., skip_count: _Optional[int] = ..., fail_count: _Optional[int] = ..., delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., error_code: _Optional[int] = ..., action: _Optional[_Union[FaultAction, str]] = ...) -> None: ...

class FaultPoint(_message.Message):
    __slots__ = ("name", "pass_count")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PASS_COUNT_FIELD_NUMBER: _ClassVar[int]
    name: str
    pass_count: int
    def __init__(self, name: _Optional[str] = ..., pass_count: _Optional[int] = ...) -> None: ...

class InjectFaultRequest(_message.Message):
    __slots__ = ("request_id", "fault")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    fault: Fault
    def __init__(self, request_id: _Optional[str] = ..., fault: _Optional[_Union[Fault, _Mapping]] = ...) -> None: ...

class InjectFaultResponse(_message.Message):
    __slots__ = ("fault",)
    FAULT_FIELD_NUMBER: _ClassVar[int]
    fault: Fault
    def __init__(self, fault: _Optional[_Union[Fault, _Mapping]] = ...) -> None: ...

class ListFaultsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListFaultsResponse(_message.Message):
    __slots__ = ("faults", "next_page_token")
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    faults: _containers.RepeatedCompositeFieldContainer[Fault]
    next_page_token: str
    def __init__(self, faults: _Optional[_Iterable[_Union[Fault, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListFaultPointsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListFaultPointsResponse(_message.Message):
    __slots__ = ("points", "next_page_token")
    POINTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    points: _containers.RepeatedCompositeFieldContainer[FaultPoint]
    next_page_token: str
    def __init__(self, points: _Optional[_Iterable[_Union[FaultPoint, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ClearFaultsRequest(_message.Message):
    __slots__ = ("fault_ids",)
    FAULT_IDS_FIELD_NUMBER: _ClassVar[int]
    fault_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, fault_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class ClearFaultsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
