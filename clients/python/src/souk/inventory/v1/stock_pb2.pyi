import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MovementKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MOVEMENT_KIND_UNSPECIFIED: _ClassVar[MovementKind]
    MOVEMENT_KIND_RECEIVED: _ClassVar[MovementKind]
    MOVEMENT_KIND_ADJUSTED: _ClassVar[MovementKind]
    MOVEMENT_KIND_RESERVED: _ClassVar[MovementKind]
    MOVEMENT_KIND_RELEASED: _ClassVar[MovementKind]
    MOVEMENT_KIND_EXPIRED: _ClassVar[MovementKind]
    MOVEMENT_KIND_CONSUMED: _ClassVar[MovementKind]
    MOVEMENT_KIND_RETURNED: _ClassVar[MovementKind]
MOVEMENT_KIND_UNSPECIFIED: MovementKind
MOVEMENT_KIND_RECEIVED: MovementKind
MOVEMENT_KIND_ADJUSTED: MovementKind
MOVEMENT_KIND_RESERVED: MovementKind
MOVEMENT_KIND_RELEASED: MovementKind
MOVEMENT_KIND_EXPIRED: MovementKind
MOVEMENT_KIND_CONSUMED: MovementKind
MOVEMENT_KIND_RETURNED: MovementKind

class Location(_message.Message):
    __slots__ = ("location_id", "title", "create_time")
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    location_id: str
    title: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, location_id: _Optional[str] = ..., title: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Stock(_message.Message):
    __slots__ = ("sku", "location_id", "on_hand", "reserved", "update_time")
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    ON_HAND_FIELD_NUMBER: _ClassVar[int]
    RESERVED_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    sku: str
    location_id: str
    on_hand: int
    reserved: int
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, sku: _Optional[str] = ..., location_id: _Optional[str] = ..., on_hand: _Optional[int] = ..., reserved: _Optional[int] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Movement(_message.Message):
    __slots__ = ("movement_id", "sku", "location_id", "kind", "on_hand_change", "reserved_change", "reservation_id", "create_time", "effective_time", "note")
    MOVEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ON_HAND_CHANGE_FIELD_NUMBER: _ClassVar[int]
    RESERVED_CHANGE_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    movement_id: str
    sku: str
    location_id: str
    kind: MovementKind
    on_hand_change: int
    reserved_change: int
    reservation_id: str
    create_time: _timestamp_pb2.Timestamp
    effective_time: _timestamp_pb2.Timestamp
    note: str
    def __init__(self, movement_id: _Optional[str] = ..., sku: _Optional[str] = ..., location_id: _Optional[str] = ..., kind: _Optional[_Union[MovementKind, str]] = ..., on_hand_change: _Optional[int] = ..., reserved_change: _Optional[int] = ..., reservation_id: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., note: _Optional[str] = ...) -> None: ...
