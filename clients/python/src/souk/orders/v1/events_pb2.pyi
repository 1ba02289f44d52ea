import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.orders.v1 import order_pb2 as _order_pb2
from souk.policy.v1 import event_pb2 as _event_pb2
from souk.type.v1 import actor_pb2 as _actor_pb2
from souk.type.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
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

class OrderPartiallyPaid(_message.Message):
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

class OrderLinesCanceled(_message.Message):
    __slots__ = ("order", "lines", "line_count", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    LINE_COUNT_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    lines: _containers.RepeatedCompositeFieldContainer[_order_pb2.FulfillmentLine]
    line_count: int
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., lines: _Optional[_Iterable[_Union[_order_pb2.FulfillmentLine, _Mapping]]] = ..., line_count: _Optional[int] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class OrderPartiallyFulfilled(_message.Message):
    __slots__ = ("order", "fulfillment", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    FULFILLMENT_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    fulfillment: _order_pb2.Fulfillment
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., fulfillment: _Optional[_Union[_order_pb2.Fulfillment, _Mapping]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class OrderFulfilled(_message.Message):
    __slots__ = ("order", "effective_time", "change", "fulfillment")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    FULFILLMENT_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    effective_time: _timestamp_pb2.Timestamp
    change: _order_pb2.OrderChange
    fulfillment: _order_pb2.Fulfillment
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ..., fulfillment: _Optional[_Union[_order_pb2.Fulfillment, _Mapping]] = ...) -> None: ...

class OrderFulfillmentUpdated(_message.Message):
    __slots__ = ("order", "fulfillment", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    FULFILLMENT_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    fulfillment: _order_pb2.Fulfillment
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., fulfillment: _Optional[_Union[_order_pb2.Fulfillment, _Mapping]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class OrderFulfillmentDelivered(_message.Message):
    __slots__ = ("order", "fulfillment", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    FULFILLMENT_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    fulfillment: _order_pb2.Fulfillment
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., fulfillment: _Optional[_Union[_order_pb2.Fulfillment, _Mapping]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class OrderRefunded(_message.Message):
    __slots__ = ("order", "refund", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    REFUND_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    refund: _order_pb2.Refund
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., refund: _Optional[_Union[_order_pb2.Refund, _Mapping]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class OrderRefundReversed(_message.Message):
    __slots__ = ("order", "refund", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    REFUND_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    refund: _order_pb2.Refund
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., refund: _Optional[_Union[_order_pb2.Refund, _Mapping]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class OrderPaymentReversed(_message.Message):
    __slots__ = ("order", "payment_id", "capture_id", "amount", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    payment_id: str
    capture_id: str
    amount: _money_pb2.Money
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., payment_id: _Optional[str] = ..., capture_id: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class OrderUpdated(_message.Message):
    __slots__ = ("order", "updated_fields", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    UPDATED_FIELDS_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    updated_fields: _containers.RepeatedScalarFieldContainer[str]
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., updated_fields: _Optional[_Iterable[str]] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class OrderCustomerChanged(_message.Message):
    __slots__ = ("order", "previous_customer_id", "change")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    previous_customer_id: str
    change: _order_pb2.OrderChange
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., previous_customer_id: _Optional[str] = ..., change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ...) -> None: ...

class GuestClaimed(_message.Message):
    __slots__ = ("guest_customer_id", "customer_id", "claim_time", "actor")
    GUEST_CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    CLAIM_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    guest_customer_id: str
    customer_id: str
    claim_time: _timestamp_pb2.Timestamp
    actor: _actor_pb2.Actor
    def __init__(self, guest_customer_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., claim_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ...) -> None: ...
