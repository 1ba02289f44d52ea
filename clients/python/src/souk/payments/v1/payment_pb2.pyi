import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.type.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PaymentState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAYMENT_STATE_UNSPECIFIED: _ClassVar[PaymentState]
    PAYMENT_STATE_REQUIRES_PAYMENT_METHOD: _ClassVar[PaymentState]
    PAYMENT_STATE_REQUIRES_CONFIRMATION: _ClassVar[PaymentState]
    PAYMENT_STATE_REQUIRES_ACTION: _ClassVar[PaymentState]
    PAYMENT_STATE_PROCESSING: _ClassVar[PaymentState]
    PAYMENT_STATE_REQUIRES_CAPTURE: _ClassVar[PaymentState]
    PAYMENT_STATE_SUCCEEDED: _ClassVar[PaymentState]
    PAYMENT_STATE_CANCELED: _ClassVar[PaymentState]

class PaymentRefundState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAYMENT_REFUND_STATE_UNSPECIFIED: _ClassVar[PaymentRefundState]
    PAYMENT_REFUND_STATE_PENDING: _ClassVar[PaymentRefundState]
    PAYMENT_REFUND_STATE_SUCCEEDED: _ClassVar[PaymentRefundState]
    PAYMENT_REFUND_STATE_FAILED: _ClassVar[PaymentRefundState]
PAYMENT_STATE_UNSPECIFIED: PaymentState
PAYMENT_STATE_REQUIRES_PAYMENT_METHOD: PaymentState
PAYMENT_STATE_REQUIRES_CONFIRMATION: PaymentState
PAYMENT_STATE_REQUIRES_ACTION: PaymentState
PAYMENT_STATE_PROCESSING: PaymentState
PAYMENT_STATE_REQUIRES_CAPTURE: PaymentState
PAYMENT_STATE_SUCCEEDED: PaymentState
PAYMENT_STATE_CANCELED: PaymentState
PAYMENT_REFUND_STATE_UNSPECIFIED: PaymentRefundState
PAYMENT_REFUND_STATE_PENDING: PaymentRefundState
PAYMENT_REFUND_STATE_SUCCEEDED: PaymentRefundState
PAYMENT_REFUND_STATE_FAILED: PaymentRefundState

class Payment(_message.Message):
    __slots__ = ("payment_id", "order_id", "customer_id", "state", "amount", "authorized", "captured", "refunded", "action_url", "decline", "is_in_flight", "create_time", "update_time", "effective_time", "fees")
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    AUTHORIZED_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_FIELD_NUMBER: _ClassVar[int]
    ACTION_URL_FIELD_NUMBER: _ClassVar[int]
    DECLINE_FIELD_NUMBER: _ClassVar[int]
    IS_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    FEES_FIELD_NUMBER: _ClassVar[int]
    payment_id: str
    order_id: str
    customer_id: str
    state: PaymentState
    amount: _money_pb2.Money
    authorized: _money_pb2.Money
    captured: _money_pb2.Money
    refunded: _money_pb2.Money
    action_url: str
    decline: str
    is_in_flight: bool
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    effective_time: _timestamp_pb2.Timestamp
    fees: _money_pb2.Money
    def __init__(self, payment_id: _Optional[str] = ..., order_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., state: _Optional[_Union[PaymentState, str]] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., authorized: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., captured: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., refunded: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., action_url: _Optional[str] = ..., decline: _Optional[str] = ..., is_in_flight: _Optional[bool] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., fees: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class PaymentRefund(_message.Message):
    __slots__ = ("refund_id", "payment_id", "amount", "state", "create_time", "effective_time")
    REFUND_ID_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    refund_id: str
    payment_id: str
    amount: _money_pb2.Money
    state: PaymentRefundState
    create_time: _timestamp_pb2.Timestamp
    effective_time: _timestamp_pb2.Timestamp
    def __init__(self, refund_id: _Optional[str] = ..., payment_id: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., state: _Optional[_Union[PaymentRefundState, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
