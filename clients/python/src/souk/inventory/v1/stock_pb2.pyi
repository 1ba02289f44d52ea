import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.type.v1 import actor_pb2 as _actor_pb2
from souk.type.v1 import address_pb2 as _address_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InventoryPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INVENTORY_POLICY_UNSPECIFIED: _ClassVar[InventoryPolicy]
    INVENTORY_POLICY_TRACKED: _ClassVar[InventoryPolicy]
    INVENTORY_POLICY_UNTRACKED: _ClassVar[InventoryPolicy]
    INVENTORY_POLICY_BACKORDER: _ClassVar[InventoryPolicy]

class AvailabilityState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AVAILABILITY_STATE_UNSPECIFIED: _ClassVar[AvailabilityState]
    AVAILABILITY_STATE_IN_STOCK: _ClassVar[AvailabilityState]
    AVAILABILITY_STATE_LOW: _ClassVar[AvailabilityState]
    AVAILABILITY_STATE_BACKORDER: _ClassVar[AvailabilityState]
    AVAILABILITY_STATE_OUT_OF_STOCK: _ClassVar[AvailabilityState]
    AVAILABILITY_STATE_UNTRACKED: _ClassVar[AvailabilityState]

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
INVENTORY_POLICY_UNSPECIFIED: InventoryPolicy
INVENTORY_POLICY_TRACKED: InventoryPolicy
INVENTORY_POLICY_UNTRACKED: InventoryPolicy
INVENTORY_POLICY_BACKORDER: InventoryPolicy
AVAILABILITY_STATE_UNSPECIFIED: AvailabilityState
AVAILABILITY_STATE_IN_STOCK: AvailabilityState
AVAILABILITY_STATE_LOW: AvailabilityState
AVAILABILITY_STATE_BACKORDER: AvailabilityState
AVAILABILITY_STATE_OUT_OF_STOCK: AvailabilityState
AVAILABILITY_STATE_UNTRACKED: AvailabilityState
MOVEMENT_KIND_UNSPECIFIED: MovementKind
MOVEMENT_KIND_RECEIVED: MovementKind
MOVEMENT_KIND_ADJUSTED: MovementKind
MOVEMENT_KIND_RESERVED: MovementKind
MOVEMENT_KIND_RELEASED: MovementKind
MOVEMENT_KIND_EXPIRED: MovementKind
MOVEMENT_KIND_CONSUMED: MovementKind
MOVEMENT_KIND_RETURNED: MovementKind

class Location(_message.Message):
    __slots__ = ("location_id", "title", "create_time", "update_time", "address", "priority", "active", "etag")
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    location_id: str
    title: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    address: _address_pb2.Address
    priority: int
    active: bool
    etag: str
    def __init__(self, location_id: _Optional[str] = ..., title: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., address: _Optional[_Union[_address_pb2.Address, _Mapping]] = ..., priority: _Optional[int] = ..., active: _Optional[bool] = ..., etag: _Optional[str] = ...) -> None: ...

class Stock(_message.Message):
    __slots__ = ("sku", "location_id", "on_hand", "reserved", "update_time", "backorder_limit")
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    ON_HAND_FIELD_NUMBER: _ClassVar[int]
    RESERVED_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    BACKORDER_LIMIT_FIELD_NUMBER: _ClassVar[int]
    sku: str
    location_id: str
    on_hand: int
    reserved: int
    update_time: _timestamp_pb2.Timestamp
    backorder_limit: int
    def __init__(self, sku: _Optional[str] = ..., location_id: _Optional[str] = ..., on_hand: _Optional[int] = ..., reserved: _Optional[int] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., backorder_limit: _Optional[int] = ...) -> None: ...

class StockPolicy(_message.Message):
    __slots__ = ("sku", "policy", "backorder_limit", "backorder_location_id", "expected_time", "low_quantity", "update_time", "etag")
    SKU_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    BACKORDER_LIMIT_FIELD_NUMBER: _ClassVar[int]
    BACKORDER_LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_TIME_FIELD_NUMBER: _ClassVar[int]
    LOW_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    sku: str
    policy: InventoryPolicy
    backorder_limit: int
    backorder_location_id: str
    expected_time: _timestamp_pb2.Timestamp
    low_quantity: int
    update_time: _timestamp_pb2.Timestamp
    etag: str
    def __init__(self, sku: _Optional[str] = ..., policy: _Optional[_Union[InventoryPolicy, str]] = ..., backorder_limit: _Optional[int] = ..., backorder_location_id: _Optional[str] = ..., expected_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., low_quantity: _Optional[int] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class Availability(_message.Message):
    __slots__ = ("sku", "state", "available", "backorderable", "expected_time")
    SKU_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    BACKORDERABLE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_TIME_FIELD_NUMBER: _ClassVar[int]
    sku: str
    state: AvailabilityState
    available: int
    backorderable: int
    expected_time: _timestamp_pb2.Timestamp
    def __init__(self, sku: _Optional[str] = ..., state: _Optional[_Union[AvailabilityState, str]] = ..., available: _Optional[int] = ..., backorderable: _Optional[int] = ..., expected_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Movement(_message.Message):
    __slots__ = ("movement_id", "sku", "location_id", "kind", "on_hand_change", "reserved_change", "reservation_id", "create_time", "effective_time", "note", "actor")
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
    ACTOR_FIELD_NUMBER: _ClassVar[int]
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
    actor: _actor_pb2.Actor
    def __init__(self, movement_id: _Optional[str] = ..., sku: _Optional[str] = ..., location_id: _Optional[str] = ..., kind: _Optional[_Union[MovementKind, str]] = ..., on_hand_change: _Optional[int] = ..., reserved_change: _Optional[int] = ..., reservation_id: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., note: _Optional[str] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ...) -> None: ...
