import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.policy.v1 import event_pb2 as _event_pb2
from souk.type.v1 import money_pb2 as _money_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WishlistItemRestocked(_message.Message):
    __slots__ = ("customer_id", "wishlist_id", "sku", "available_count", "restock_time")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    WISHLIST_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    RESTOCK_TIME_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    wishlist_id: str
    sku: str
    available_count: int
    restock_time: _timestamp_pb2.Timestamp
    def __init__(self, customer_id: _Optional[str] = ..., wishlist_id: _Optional[str] = ..., sku: _Optional[str] = ..., available_count: _Optional[int] = ..., restock_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class WishlistItemPriceReduced(_message.Message):
    __slots__ = ("customer_id", "wishlist_id", "sku", "unit_price", "previous_unit_price", "change_time")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    WISHLIST_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    wishlist_id: str
    sku: str
    unit_price: _money_pb2.Money
    previous_unit_price: _money_pb2.Money
    change_time: _timestamp_pb2.Timestamp
    def __init__(self, customer_id: _Optional[str] = ..., wishlist_id: _Optional[str] = ..., sku: _Optional[str] = ..., unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., previous_unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
