from souk.inventory.v1 import reservation_pb2 as _reservation_pb2
from souk.inventory.v1 import stock_pb2 as _stock_pb2
from souk.policy.v1 import event_pb2 as _event_pb2
from souk.type.v1 import actor_pb2 as _actor_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StockChanged(_message.Message):
    __slots__ = ("stock", "movement")
    STOCK_FIELD_NUMBER: _ClassVar[int]
    MOVEMENT_FIELD_NUMBER: _ClassVar[int]
    stock: _stock_pb2.Stock
    movement: _stock_pb2.Movement
    def __init__(self, stock: _Optional[_Union[_stock_pb2.Stock, _Mapping]] = ..., movement: _Optional[_Union[_stock_pb2.Movement, _Mapping]] = ...) -> None: ...

class ReservationChanged(_message.Message):
    __slots__ = ("reservation", "previous_state", "actor")
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_STATE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    reservation: _reservation_pb2.Reservation
    previous_state: _reservation_pb2.ReservationState
    actor: _actor_pb2.Actor
    def __init__(self, reservation: _Optional[_Union[_reservation_pb2.Reservation, _Mapping]] = ..., previous_state: _Optional[_Union[_reservation_pb2.ReservationState, str]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ...) -> None: ...
