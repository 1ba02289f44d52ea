from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from souk.policy.v1 import field_pb2 as _field_pb2
from souk.policy.v1 import policy_pb2 as _policy_pb2
from souk.type.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SimulatedOperation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIMULATED_OPERATION_UNSPECIFIED: _ClassVar[SimulatedOperation]
    SIMULATED_OPERATION_AUTHORIZE: _ClassVar[SimulatedOperation]
    SIMULATED_OPERATION_COMPLETE_ACTION: _ClassVar[SimulatedOperation]
    SIMULATED_OPERATION_CAPTURE: _ClassVar[SimulatedOperation]
    SIMULATED_OPERATION_VOID: _ClassVar[SimulatedOperation]
    SIMULATED_OPERATION_REFUND: _ClassVar[SimulatedOperation]

class SimulatedOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIMULATED_OUTCOME_UNSPECIFIED: _ClassVar[SimulatedOutcome]
    SIMULATED_OUTCOME_APPROVE: _ClassVar[SimulatedOutcome]
    SIMULATED_OUTCOME_DECLINE: _ClassVar[SimulatedOutcome]
    SIMULATED_OUTCOME_DECLINE_SOFT: _ClassVar[SimulatedOutcome]
    SIMULATED_OUTCOME_LOSE_ANSWER: _ClassVar[SimulatedOutcome]
    SIMULATED_OUTCOME_LOSE_REQUEST: _ClassVar[SimulatedOutcome]
    SIMULATED_OUTCOME_SLOW: _ClassVar[SimulatedOutcome]
SIMULATED_OPERATION_UNSPECIFIED: SimulatedOperation
SIMULATED_OPERATION_AUTHORIZE: SimulatedOperation
SIMULATED_OPERATION_COMPLETE_ACTION: SimulatedOperation
SIMULATED_OPERATION_CAPTURE: SimulatedOperation
SIMULATED_OPERATION_VOID: SimulatedOperation
SIMULATED_OPERATION_REFUND: SimulatedOperation
SIMULATED_OUTCOME_UNSPECIFIED: SimulatedOutcome
SIMULATED_OUTCOME_APPROVE: SimulatedOutcome
SIMULATED_OUTCOME_DECLINE: SimulatedOutcome
SIMULATED_OUTCOME_DECLINE_SOFT: SimulatedOutcome
SIMULATED_OUTCOME_LOSE_ANSWER: SimulatedOutcome
SIMULATED_OUTCOME_LOSE_REQUEST: SimulatedOutcome
SIMULATED_OUTCOME_SLOW: SimulatedOutcome

class ScriptChargesRequest(_message.Message):
    __slots__ = ("request_id", "payment_method", "payment_id", "outcomes", "operation")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_METHOD_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    payment_method: str
    payment_id: str
    outcomes: _containers.RepeatedScalarFieldContainer[SimulatedOutcome]
    operation: SimulatedOperation
    def __init__(self, request_id: _Optional[str] = ..., payment_method: _Optional[str] = ..., payment_id: _Optional[str] = ..., outcomes: _Optional[_Iterable[_Union[SimulatedOutcome, str]]] = ..., operation: _Optional[_Union[SimulatedOperation, str]] = ...) -> None: ...

class ScriptChargesResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CompleteActionRequest(_message.Message):
    __slots__ = ("redirect_uri", "approve")
    REDIRECT_URI_FIELD_NUMBER: _ClassVar[int]
    APPROVE_FIELD_NUMBER: _ClassVar[int]
    redirect_uri: str
    approve: bool
    def __init__(self, redirect_uri: _Optional[str] = ..., approve: _Optional[bool] = ...) -> None: ...

class CompleteActionResponse(_message.Message):
    __slots__ = ("approved", "return_url")
    APPROVED_FIELD_NUMBER: _ClassVar[int]
    RETURN_URL_FIELD_NUMBER: _ClassVar[int]
    approved: bool
    return_url: str
    def __init__(self, approved: _Optional[bool] = ..., return_url: _Optional[str] = ...) -> None: ...

class ReverseOperationRequest(_message.Message):
    __slots__ = ("capture_id", "refund_id")
    CAPTURE_ID_FIELD_NUMBER: _ClassVar[int]
    REFUND_ID_FIELD_NUMBER: _ClassVar[int]
    capture_id: str
    refund_id: str
    def __init__(self, capture_id: _Optional[str] = ..., refund_id: _Optional[str] = ...) -> None: ...

class ReverseOperationResponse(_message.Message):
    __slots__ = ("charge",)
    CHARGE_FIELD_NUMBER: _ClassVar[int]
    charge: Charge
    def __init__(self, charge: _Optional[_Union[Charge, _Mapping]] = ...) -> None: ...

class ListChargesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListChargesResponse(_message.Message):
    __slots__ = ("charges", "next_page_token")
    CHARGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    charges: _containers.RepeatedCompositeFieldContainer[Charge]
    next_page_token: str
    def __init__(self, charges: _Optional[_Iterable[_Union[Charge, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class Charge(_message.Message):
    __slots__ = ("payment_id", "held", "captured", "refunded", "operation_count", "fees")
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_FIELD_NUMBER: _ClassVar[int]
    OPERATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    FEES_FIELD_NUMBER: _ClassVar[int]
    payment_id: str
    held: _money_pb2.Money
    captured: _money_pb2.Money
    refunded: _money_pb2.Money
    operation_count: int
    fees: _money_pb2.Money
    def __init__(self, payment_id: _Optional[str] = ..., held: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., captured: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., refunded: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., operation_count: _Optional[int] = ..., fees: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...
