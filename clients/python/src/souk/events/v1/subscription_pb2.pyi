import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.events.v1 import event_pb2 as _event_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LogBoundary(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOG_BOUNDARY_UNSPECIFIED: _ClassVar[LogBoundary]
    LOG_BOUNDARY_EARLIEST: _ClassVar[LogBoundary]
    LOG_BOUNDARY_LATEST: _ClassVar[LogBoundary]
LOG_BOUNDARY_UNSPECIFIED: LogBoundary
LOG_BOUNDARY_EARLIEST: LogBoundary
LOG_BOUNDARY_LATEST: LogBoundary

class Subscription(_message.Message):
    __slots__ = ("subscription_id", "owner", "event_types", "ack_deadline", "max_attempts", "min_retry_delay", "max_retry_delay", "create_time", "update_time", "etag", "lag", "outstanding_count", "dead_letter_count", "positions")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    ACK_DEADLINE_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    MIN_RETRY_DELAY_FIELD_NUMBER: _ClassVar[int]
    MAX_RETRY_DELAY_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    LAG_FIELD_NUMBER: _ClassVar[int]
    OUTSTANDING_COUNT_FIELD_NUMBER: _ClassVar[int]
    DEAD_LETTER_COUNT_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    subscription_id: str
    owner: str
    event_types: _containers.RepeatedScalarFieldContainer[str]
    ack_deadline: _duration_pb2.Duration
    max_attempts: int
    min_retry_delay: _duration_pb2.Duration
    max_retry_delay: _duration_pb2.Duration
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    etag: str
    lag: int
    outstanding_count: int
    dead_letter_count: int
    positions: _containers.RepeatedCompositeFieldContainer[_event_pb2.Position]
    def __init__(self, subscription_id: _Optional[str] = ..., owner: _Optional[str] = ..., event_types: _Optional[_Iterable[str]] = ..., ack_deadline: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_attempts: _Optional[int] = ..., min_retry_delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_retry_delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., lag: _Optional[int] = ..., outstanding_count: _Optional[int] = ..., dead_letter_count: _Optional[int] = ..., positions: _Optional[_Iterable[_Union[_event_pb2.Position, _Mapping]]] = ...) -> None: ...

class StartPosition(_message.Message):
    __slots__ = ("boundary", "publish_time", "position")
    BOUNDARY_FIELD_NUMBER: _ClassVar[int]
    PUBLISH_TIME_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    boundary: LogBoundary
    publish_time: _timestamp_pb2.Timestamp
    position: _event_pb2.Position
    def __init__(self, boundary: _Optional[_Union[LogBoundary, str]] = ..., publish_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., position: _Optional[_Union[_event_pb2.Position, _Mapping]] = ...) -> None: ...

class DeadLetter(_message.Message):
    __slots__ = ("dead_letter_id", "subscription_id", "event", "attempt_count", "reason", "create_time")
    DEAD_LETTER_ID_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    dead_letter_id: str
    subscription_id: str
    event: _event_pb2.LoggedEvent
    attempt_count: int
    reason: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, dead_letter_id: _Optional[str] = ..., subscription_id: _Optional[str] = ..., event: _Optional[_Union[_event_pb2.LoggedEvent, _Mapping]] = ..., attempt_count: _Optional[int] = ..., reason: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
