import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.type.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PriceAudience(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRICE_AUDIENCE_UNSPECIFIED: _ClassVar[PriceAudience]
    PRICE_AUDIENCE_PUBLIC: _ClassVar[PriceAudience]
    PRICE_AUDIENCE_RESTRICTED: _ClassVar[PriceAudience]
PRICE_AUDIENCE_UNSPECIFIED: PriceAudience
PRICE_AUDIENCE_PUBLIC: PriceAudience
PRICE_AUDIENCE_RESTRICTED: PriceAudience

class Price(_message.Message):
    __slots__ = ("price_id", "variant_id", "product_id", "sku", "unit_price", "is_default", "archive_time", "create_time", "effective_time", "audience")
    PRICE_ID_FIELD_NUMBER: _ClassVar[int]
    VARIANT_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    IS_DEFAULT_FIELD_NUMBER: _ClassVar[int]
    ARCHIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    price_id: str
    variant_id: str
    product_id: str
    sku: str
    unit_price: _money_pb2.Money
    is_default: bool
    archive_time: _timestamp_pb2.Timestamp
    create_time: _timestamp_pb2.Timestamp
    effective_time: _timestamp_pb2.Timestamp
    audience: PriceAudience
    def __init__(self, price_id: _Optional[str] = ..., variant_id: _Optional[str] = ..., product_id: _Optional[str] = ..., sku: _Optional[str] = ..., unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., is_default: _Optional[bool] = ..., archive_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., audience: _Optional[_Union[PriceAudience, str]] = ...) -> None: ...
