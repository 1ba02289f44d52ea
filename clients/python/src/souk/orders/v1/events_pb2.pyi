import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.orders.v1 import order_pb2 as _order_pb2
from souk.policy.v1 import event_pb2 as _event_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OrderPlaced(_message.Message):
    __slots__ = ("order", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class OrderRejected(_message.Message):
    __slots__ = ("order", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class OrderPaid(_message.Message):
    __slots__ = ("order", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class OrderCanceled(_message.Message):
    __slots__ = ("order", "effective_time", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    effective_time: _timestamp_pb2.Timestamp
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class OrderFulfilled(_message.Message):
    __slots__ = ("order", "effective_time", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    effective_time: _timestamp_pb2.Timestamp
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class OrderRefunded(_message.Message):
    __slots__ = ("order", "refund", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    REFUND_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    refund: _order_pb2.Refund
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., refund: _Optional[_Union[_order_pb2.Refund, _Mapping]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...
