import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.catalog.v1 import price_pb2 as _price_pb2
from souk.catalog.v1 import product_pb2 as _product_pb2
from souk.catalog.v1 import variant_pb2 as _variant_pb2
from souk.policy.v1 import event_pb2 as _event_pb2
from souk.type.v1 import actor_pb2 as _actor_pb2
from souk.type.v1 import money_pb2 as _money_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProductCreated(_message.Message):
    __slots__ = ("product", "actor")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    product: _product_pb2.Product
    actor: _actor_pb2.Actor
    def __init__(self, product: _Optional[_Union[_product_pb2.Product, _Mapping]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ...) -> None: ...

class ProductUpdated(_message.Message):
    __slots__ = ("product", "previous_state", "actor")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_STATE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    product: _product_pb2.Product
    previous_state: _product_pb2.ProductState
    actor: _actor_pb2.Actor
    def __init__(self, product: _Optional[_Union[_product_pb2.Product, _Mapping]] = ..., previous_state: _Optional[_Union[_product_pb2.ProductState, str]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ...) -> None: ...

class VariantCreated(_message.Message):
    __slots__ = ("variant", "actor")
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    variant: _variant_pb2.Variant
    actor: _actor_pb2.Actor
    def __init__(self, variant: _Optional[_Union[_variant_pb2.Variant, _Mapping]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ...) -> None: ...

class VariantUpdated(_message.Message):
    __slots__ = ("variant", "previous_state", "actor")
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_STATE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    variant: _variant_pb2.Variant
    previous_state: _variant_pb2.VariantState
    actor: _actor_pb2.Actor
    def __init__(self, variant: _Optional[_Union[_variant_pb2.Variant, _Mapping]] = ..., previous_state: _Optional[_Union[_variant_pb2.VariantState, str]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ...) -> None: ...

class PriceCreated(_message.Message):
    __slots__ = ("price", "actor")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    price: _price_pb2.Price
    actor: _actor_pb2.Actor
    def __init__(self, price: _Optional[_Union[_price_pb2.Price, _Mapping]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ...) -> None: ...

class PriceArchived(_message.Message):
    __slots__ = ("price", "actor")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    price: _price_pb2.Price
    actor: _actor_pb2.Actor
    def __init__(self, price: _Optional[_Union[_price_pb2.Price, _Mapping]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ...) -> None: ...

class DefaultPriceChanged(_message.Message):
    __slots__ = ("price", "previous_price_id", "change_time", "actor", "previous_unit_price")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_PRICE_ID_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    price: _price_pb2.Price
    previous_price_id: str
    change_time: _timestamp_pb2.Timestamp
    actor: _actor_pb2.Actor
    previous_unit_price: _money_pb2.Money
    def __init__(self, price: _Optional[_Union[_price_pb2.Price, _Mapping]] = ..., previous_price_id: _Optional[str] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ..., previous_unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class DefaultPriceCleared(_message.Message):
    __slots__ = ("price", "clear_time", "actor")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    CLEAR_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    price: _price_pb2.Price
    clear_time: _timestamp_pb2.Timestamp
    actor: _actor_pb2.Actor
    def __init__(self, price: _Optional[_Union[_price_pb2.Price, _Mapping]] = ..., clear_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ...) -> None: ...
