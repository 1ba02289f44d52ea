from souk.payments.v1 import payment_pb2 as _payment_pb2
from souk.policy.v1 import event_pb2 as _event_pb2
from souk.type.v1 import actor_pb2 as _actor_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PaymentChanged(_message.Message):
    __slots__ = ("payment", "previous_state", "capture", "actor")
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_STATE_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    payment: _payment_pb2.Payment
    previous_state: _payment_pb2.PaymentState
    capture: _payment_pb2.PaymentCapture
    actor: _actor_pb2.Actor
    def __init__(self, payment: _Optional[_Union[_payment_pb2.Payment, _Mapping]] = ..., previous_state: _Optional[_Union[_payment_pb2.PaymentState, str]] = ..., capture: _Optional[_Union[_payment_pb2.PaymentCapture, _Mapping]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ...) -> None: ...

class PaymentRefunded(_message.Message):
    __slots__ = ("payment", "refund", "previous_state", "actor")
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    REFUND_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_STATE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    payment: _payment_pb2.Payment
    refund: _payment_pb2.PaymentRefund
    previous_state: _payment_pb2.PaymentRefundState
    actor: _actor_pb2.Actor
    def __init__(self, payment: _Optional[_Union[_payment_pb2.Payment, _Mapping]] = ..., refund: _Optional[_Union[_payment_pb2.PaymentRefund, _Mapping]] = ..., previous_state: _Optional[_Union[_payment_pb2.PaymentRefundState, str]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ...) -> None: ...
