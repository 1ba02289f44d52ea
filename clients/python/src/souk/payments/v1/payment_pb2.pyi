import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.policy.v1 import field_pb2 as _field_pb2
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

class PaymentCancellationReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAYMENT_CANCELLATION_REASON_UNSPECIFIED: _ClassVar[PaymentCancellationReason]
    PAYMENT_CANCELLATION_REASON_VOIDED: _ClassVar[PaymentCancellationReason]
    PAYMENT_CANCELLATION_REASON_AUTHORIZATION_EXPIRED: _ClassVar[PaymentCancellationReason]
    PAYMENT_CANCELLATION_REASON_CAPTURE_REVERSED: _ClassVar[PaymentCancellationReason]

class PaymentCaptureState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAYMENT_CAPTURE_STATE_UNSPECIFIED: _ClassVar[PaymentCaptureState]
    PAYMENT_CAPTURE_STATE_PENDING: _ClassVar[PaymentCaptureState]
    PAYMENT_CAPTURE_STATE_SUCCEEDED: _ClassVar[PaymentCaptureState]
    PAYMENT_CAPTURE_STATE_FAILED: _ClassVar[PaymentCaptureState]
    PAYMENT_CAPTURE_STATE_REVERSED: _ClassVar[PaymentCaptureState]

class PaymentRefundState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAYMENT_REFUND_STATE_UNSPECIFIED: _ClassVar[PaymentRefundState]
    PAYMENT_REFUND_STATE_PENDING: _ClassVar[PaymentRefundState]
    PAYMENT_REFUND_STATE_SUCCEEDED: _ClassVar[PaymentRefundState]
    PAYMENT_REFUND_STATE_FAILED: _ClassVar[PaymentRefundState]

class DeclineCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DECLINE_CODE_UNSPECIFIED: _ClassVar[DeclineCode]
    DECLINE_CODE_GENERIC: _ClassVar[DeclineCode]
    DECLINE_CODE_INSUFFICIENT_FUNDS: _ClassVar[DeclineCode]
    DECLINE_CODE_LIMIT_EXCEEDED: _ClassVar[DeclineCode]
    DECLINE_CODE_CARD_EXPIRED: _ClassVar[DeclineCode]
    DECLINE_CODE_STOLEN_OR_LOST: _ClassVar[DeclineCode]
    DECLINE_CODE_FRAUD: _ClassVar[DeclineCode]
    DECLINE_CODE_AUTHENTICATION_FAILED: _ClassVar[DeclineCode]
    DECLINE_CODE_ACTION_EXPIRED: _ClassVar[DeclineCode]
    DECLINE_CODE_INVALID_METHOD: _ClassVar[DeclineCode]
    DECLINE_CODE_ISSUER_UNAVAILABLE: _ClassVar[DeclineCode]
    DECLINE_CODE_AUTHORIZATION_EXPIRED: _ClassVar[DeclineCode]
    DECLINE_CODE_NOT_ALLOWED: _ClassVar[DeclineCode]
    DECLINE_CODE_REVERSED: _ClassVar[DeclineCode]
PAYMENT_STATE_UNSPECIFIED: PaymentState
PAYMENT_STATE_REQUIRES_PAYMENT_METHOD: PaymentState
PAYMENT_STATE_REQUIRES_CONFIRMATION: PaymentState
PAYMENT_STATE_REQUIRES_ACTION: PaymentState
PAYMENT_STATE_PROCESSING: PaymentState
PAYMENT_STATE_REQUIRES_CAPTURE: PaymentState
PAYMENT_STATE_SUCCEEDED: PaymentState
PAYMENT_STATE_CANCELED: PaymentState
PAYMENT_CANCELLATION_REASON_UNSPECIFIED: PaymentCancellationReason
PAYMENT_CANCELLATION_REASON_VOIDED: PaymentCancellationReason
PAYMENT_CANCELLATION_REASON_AUTHORIZATION_EXPIRED: PaymentCancellationReason
PAYMENT_CANCELLATION_REASON_CAPTURE_REVERSED: PaymentCancellationReason
PAYMENT_CAPTURE_STATE_UNSPECIFIED: PaymentCaptureState
PAYMENT_CAPTURE_STATE_PENDING: PaymentCaptureState
PAYMENT_CAPTURE_STATE_SUCCEEDED: PaymentCaptureState
PAYMENT_CAPTURE_STATE_FAILED: PaymentCaptureState
PAYMENT_CAPTURE_STATE_REVERSED: PaymentCaptureState
PAYMENT_REFUND_STATE_UNSPECIFIED: PaymentRefundState
PAYMENT_REFUND_STATE_PENDING: PaymentRefundState
PAYMENT_REFUND_STATE_SUCCEEDED: PaymentRefundState
PAYMENT_REFUND_STATE_FAILED: PaymentRefundState
DECLINE_CODE_UNSPECIFIED: DeclineCode
DECLINE_CODE_GENERIC: DeclineCode
DECLINE_CODE_INSUFFICIENT_FUNDS: DeclineCode
DECLINE_CODE_LIMIT_EXCEEDED: DeclineCode
DECLINE_CODE_CARD_EXPIRED: DeclineCode
DECLINE_CODE_STOLEN_OR_LOST: DeclineCode
DECLINE_CODE_FRAUD: DeclineCode
DECLINE_CODE_AUTHENTICATION_FAILED: DeclineCode
DECLINE_CODE_ACTION_EXPIRED: DeclineCode
DECLINE_CODE_INVALID_METHOD: DeclineCode
DECLINE_CODE_ISSUER_UNAVAILABLE: DeclineCode
DECLINE_CODE_AUTHORIZATION_EXPIRED: DeclineCode
DECLINE_CODE_NOT_ALLOWED: DeclineCode
DECLINE_CODE_REVERSED: DeclineCode

class Payment(_message.Message):
    __slots__ = ("payment_id", "order_id", "reference", "customer_id", "state", "cancellation_reason", "in_flight", "amount", "authorized", "captured", "refunded", "fees", "action", "decline", "payment_method", "provider", "provider_reference", "authorization_expire_time", "create_time", "update_time", "effective_time")
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CANCELLATION_REASON_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    AUTHORIZED_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_FIELD_NUMBER: _ClassVar[int]
    FEES_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    DECLINE_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_METHOD_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    AUTHORIZATION_EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    payment_id: str
    order_id: str
    reference: str
    customer_id: str
    state: PaymentState
    cancellation_reason: PaymentCancellationReason
    in_flight: bool
    amount: _money_pb2.Money
    authorized: _money_pb2.Money
    captured: _money_pb2.Money
    refunded: _money_pb2.Money
    fees: _money_pb2.Money
    action: PaymentAction
    decline: PaymentDecline
    payment_method: PaymentMethodSummary
    provider: str
    provider_reference: str
    authorization_expire_time: _timestamp_pb2.Timestamp
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    effective_time: _timestamp_pb2.Timestamp
    def __init__(self, payment_id: _Optional[str] = ..., order_id: _Optional[str] = ..., reference: _Optional[str] = ..., customer_id: _Optional[str] = ..., state: _Optional[_Union[PaymentState, str]] = ..., cancellation_reason: _Optional[_Union[PaymentCancellationReason, str]] = ..., in_flight: _Optional[bool] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., authorized: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., captured: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., refunded: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., fees: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., action: _Optional[_Union[PaymentAction, _Mapping]] = ..., decline: _Optional[_Union[PaymentDecline, _Mapping]] = ..., payment_method: _Optional[_Union[PaymentMethodSummary, _Mapping]] = ..., provider: _Optional[str] = ..., provider_reference: _Optional[str] = ..., authorization_expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PaymentAction(_message.Message):
    __slots__ = ("redirect_uri", "expire_time")
    REDIRECT_URI_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    redirect_uri: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, redirect_uri: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PaymentDecline(_message.Message):
    __slots__ = ("code", "retryable", "detail")
    CODE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    code: DeclineCode
    retryable: bool
    detail: str
    def __init__(self, code: _Optional[_Union[DeclineCode, str]] = ..., retryable: _Optional[bool] = ..., detail: _Optional[str] = ...) -> None: ...

class PaymentMethodSummary(_message.Message):
    __slots__ = ("brand", "last4", "wallet")
    BRAND_FIELD_NUMBER: _ClassVar[int]
    LAST4_FIELD_NUMBER: _ClassVar[int]
    WALLET_FIELD_NUMBER: _ClassVar[int]
    brand: str
    last4: str
    wallet: str
    def __init__(self, brand: _Optional[str] = ..., last4: _Optional[str] = ..., wallet: _Optional[str] = ...) -> None: ...

class PaymentCapture(_message.Message):
    __slots__ = ("capture_id", "payment_id", "amount", "state", "final_capture", "decline", "fee", "create_time", "effective_time")
    CAPTURE_ID_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    FINAL_CAPTURE_FIELD_NUMBER: _ClassVar[int]
    DECLINE_FIELD_NUMBER: _ClassVar[int]
    FEE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    capture_id: str
    payment_id: str
    amount: _money_pb2.Money
    state: PaymentCaptureState
    final_capture: bool
    decline: PaymentDecline
    fee: _money_pb2.Money
    create_time: _timestamp_pb2.Timestamp
    effective_time: _timestamp_pb2.Timestamp
    def __init__(self, capture_id: _Optional[str] = ..., payment_id: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., state: _Optional[_Union[PaymentCaptureState, str]] = ..., final_capture: _Optional[bool] = ..., decline: _Optional[_Union[PaymentDecline, _Mapping]] = ..., fee: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PaymentRefund(_message.Message):
    __slots__ = ("refund_id", "payment_id", "amount", "state", "decline", "create_time", "effective_time")
    REFUND_ID_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DECLINE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    refund_id: str
    payment_id: str
    amount: _money_pb2.Money
    state: PaymentRefundState
    decline: PaymentDecline
    create_time: _timestamp_pb2.Timestamp
    effective_time: _timestamp_pb2.Timestamp
    def __init__(self, refund_id: _Optional[str] = ..., payment_id: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., state: _Optional[_Union[PaymentRefundState, str]] = ..., decline: _Optional[_Union[PaymentDecline, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
