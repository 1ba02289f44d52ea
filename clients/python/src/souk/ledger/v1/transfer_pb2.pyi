import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PendingState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PENDING_STATE_UNSPECIFIED: _ClassVar[PendingState]
    PENDING_STATE_PENDING: _ClassVar[PendingState]
    PENDING_STATE_POSTED: _ClassVar[PendingState]
    PENDING_STATE_VOIDED: _ClassVar[PendingState]
    PENDING_STATE_EXPIRED: _ClassVar[PendingState]

class CreateTransferStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CREATE_TRANSFER_STATUS_UNSPECIFIED: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_CREATED: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXISTS: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_LINKED_EVENT_FAILED: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_LINKED_EVENT_CHAIN_OPEN: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_ID_REPEATED_IN_CHAIN: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_ID_ALREADY_FAILED: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_FLAGS: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_PENDING_ID: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_TIMEOUT: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT_ID: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_AMOUNT: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_USER_DATA: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_LEDGER: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_CODE: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_EFFECTIVE_TIME: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_FLAGS_ARE_MUTUALLY_EXCLUSIVE: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_RESERVED_FLAG: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_DEBIT_ACCOUNT_ID_MUST_NOT_BE_EMPTY: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_CREDIT_ACCOUNT_ID_MUST_NOT_BE_EMPTY: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_ACCOUNTS_MUST_BE_DIFFERENT: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_PENDING_ID_MUST_BE_EMPTY: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_PENDING_ID_MUST_NOT_BE_EMPTY: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_PENDING_ID_MUST_BE_DIFFERENT: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_TIMEOUT_RESERVED_FOR_PENDING_TRANSFER: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_AMOUNT_MUST_NOT_BE_ZERO: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_LEDGER_MUST_NOT_BE_ZERO: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_CODE_MUST_NOT_BE_ZERO: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EFFECTIVE_TIME_MUST_NOT_BE_AHEAD: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_DEBIT_ACCOUNT_NOT_FOUND: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_CREDIT_ACCOUNT_NOT_FOUND: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_PENDING_TRANSFER_NOT_FOUND: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_PENDING_TRANSFER_NOT_PENDING: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_PENDING_TRANSFER_HAS_DIFFERENT_DEBIT_ACCOUNT_ID: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_PENDING_TRANSFER_HAS_DIFFERENT_CREDIT_ACCOUNT_ID: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_PENDING_TRANSFER_HAS_DIFFERENT_LEDGER: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_PENDING_TRANSFER_HAS_DIFFERENT_CODE: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXCEEDS_PENDING_TRANSFER_AMOUNT: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_PENDING_TRANSFER_HAS_DIFFERENT_AMOUNT: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_PENDING_TRANSFER_ALREADY_POSTED: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_PENDING_TRANSFER_ALREADY_VOIDED: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_PENDING_TRANSFER_EXPIRED: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_OVERFLOWS_DEBITS: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_OVERFLOWS_CREDITS: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXCEEDS_CREDITS: _ClassVar[CreateTransferStatus]
    CREATE_TRANSFER_STATUS_EXCEEDS_DEBITS: _ClassVar[CreateTransferStatus]
PENDING_STATE_UNSPECIFIED: PendingState
PENDING_STATE_PENDING: PendingState
PENDING_STATE_POSTED: PendingState
PENDING_STATE_VOIDED: PendingState
PENDING_STATE_EXPIRED: PendingState
CREATE_TRANSFER_STATUS_UNSPECIFIED: CreateTransferStatus
CREATE_TRANSFER_STATUS_CREATED: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXISTS: CreateTransferStatus
CREATE_TRANSFER_STATUS_LINKED_EVENT_FAILED: CreateTransferStatus
CREATE_TRANSFER_STATUS_LINKED_EVENT_CHAIN_OPEN: CreateTransferStatus
CREATE_TRANSFER_STATUS_ID_REPEATED_IN_CHAIN: CreateTransferStatus
CREATE_TRANSFER_STATUS_ID_ALREADY_FAILED: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_FLAGS: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_PENDING_ID: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_TIMEOUT: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT_ID: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_AMOUNT: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_USER_DATA: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_LEDGER: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_CODE: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXISTS_WITH_DIFFERENT_EFFECTIVE_TIME: CreateTransferStatus
CREATE_TRANSFER_STATUS_FLAGS_ARE_MUTUALLY_EXCLUSIVE: CreateTransferStatus
CREATE_TRANSFER_STATUS_RESERVED_FLAG: CreateTransferStatus
CREATE_TRANSFER_STATUS_DEBIT_ACCOUNT_ID_MUST_NOT_BE_EMPTY: CreateTransferStatus
CREATE_TRANSFER_STATUS_CREDIT_ACCOUNT_ID_MUST_NOT_BE_EMPTY: CreateTransferStatus
CREATE_TRANSFER_STATUS_ACCOUNTS_MUST_BE_DIFFERENT: CreateTransferStatus
CREATE_TRANSFER_STATUS_PENDING_ID_MUST_BE_EMPTY: CreateTransferStatus
CREATE_TRANSFER_STATUS_PENDING_ID_MUST_NOT_BE_EMPTY: CreateTransferStatus
CREATE_TRANSFER_STATUS_PENDING_ID_MUST_BE_DIFFERENT: CreateTransferStatus
CREATE_TRANSFER_STATUS_TIMEOUT_RESERVED_FOR_PENDING_TRANSFER: CreateTransferStatus
CREATE_TRANSFER_STATUS_AMOUNT_MUST_NOT_BE_ZERO: CreateTransferStatus
CREATE_TRANSFER_STATUS_LEDGER_MUST_NOT_BE_ZERO: CreateTransferStatus
CREATE_TRANSFER_STATUS_CODE_MUST_NOT_BE_ZERO: CreateTransferStatus
CREATE_TRANSFER_STATUS_EFFECTIVE_TIME_MUST_NOT_BE_AHEAD: CreateTransferStatus
CREATE_TRANSFER_STATUS_DEBIT_ACCOUNT_NOT_FOUND: CreateTransferStatus
CREATE_TRANSFER_STATUS_CREDIT_ACCOUNT_NOT_FOUND: CreateTransferStatus
CREATE_TRANSFER_STATUS_ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER: CreateTransferStatus
CREATE_TRANSFER_STATUS_TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS: CreateTransferStatus
CREATE_TRANSFER_STATUS_PENDING_TRANSFER_NOT_FOUND: CreateTransferStatus
CREATE_TRANSFER_STATUS_PENDING_TRANSFER_NOT_PENDING: CreateTransferStatus
CREATE_TRANSFER_STATUS_PENDING_TRANSFER_HAS_DIFFERENT_DEBIT_ACCOUNT_ID: CreateTransferStatus
CREATE_TRANSFER_STATUS_PENDING_TRANSFER_HAS_DIFFERENT_CREDIT_ACCOUNT_ID: CreateTransferStatus
CREATE_TRANSFER_STATUS_PENDING_TRANSFER_HAS_DIFFERENT_LEDGER: CreateTransferStatus
CREATE_TRANSFER_STATUS_PENDING_TRANSFER_HAS_DIFFERENT_CODE: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXCEEDS_PENDING_TRANSFER_AMOUNT: CreateTransferStatus
CREATE_TRANSFER_STATUS_PENDING_TRANSFER_HAS_DIFFERENT_AMOUNT: CreateTransferStatus
CREATE_TRANSFER_STATUS_PENDING_TRANSFER_ALREADY_POSTED: CreateTransferStatus
CREATE_TRANSFER_STATUS_PENDING_TRANSFER_ALREADY_VOIDED: CreateTransferStatus
CREATE_TRANSFER_STATUS_PENDING_TRANSFER_EXPIRED: CreateTransferStatus
CREATE_TRANSFER_STATUS_OVERFLOWS_DEBITS: CreateTransferStatus
CREATE_TRANSFER_STATUS_OVERFLOWS_CREDITS: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXCEEDS_CREDITS: CreateTransferStatus
CREATE_TRANSFER_STATUS_EXCEEDS_DEBITS: CreateTransferStatus

class Transfer(_message.Message):
    __slots__ = ("transfer_id", "debit_account_id", "credit_account_id", "amount", "pending_id", "user_data", "timeout_seconds", "ledger", "code", "flags", "effective_time", "create_time", "pending_state", "currency_code")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    DEBIT_ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    PENDING_ID_FIELD_NUMBER: _ClassVar[int]
    USER_DATA_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PENDING_STATE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    transfer_id: str
    debit_account_id: str
    credit_account_id: str
    amount: int
    pending_id: str
    user_data: str
    timeout_seconds: int
    ledger: int
    code: int
    flags: TransferFlags
    effective_time: _timestamp_pb2.Timestamp
    create_time: _timestamp_pb2.Timestamp
    pending_state: PendingState
    currency_code: str
    def __init__(self, transfer_id: _Optional[str] = ..., debit_account_id: _Optional[str] = ..., credit_account_id: _Optional[str] = ..., amount: _Optional[int] = ..., pending_id: _Optional[str] = ..., user_data: _Optional[str] = ..., timeout_seconds: _Optional[int] = ..., ledger: _Optional[int] = ..., code: _Optional[int] = ..., flags: _Optional[_Union[TransferFlags, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., pending_state: _Optional[_Union[PendingState, str]] = ..., currency_code: _Optional[str] = ...) -> None: ...

class TransferFlags(_message.Message):
    __slots__ = ("linked", "pending", "post_pending_transfer", "void_pending_transfer", "expired")
    LINKED_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    POST_PENDING_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    VOID_PENDING_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    linked: bool
    pending: bool
    post_pending_transfer: bool
    void_pending_transfer: bool
    expired: bool
    def __init__(self, linked: _Optional[bool] = ..., pending: _Optional[bool] = ..., post_pending_transfer: _Optional[bool] = ..., void_pending_transfer: _Optional[bool] = ..., expired: _Optional[bool] = ...) -> None: ...

class NewTransfer(_message.Message):
    __slots__ = ("transfer_id", "debit_account_id", "credit_account_id", "amount", "pending_id", "user_data", "timeout_seconds", "ledger", "code", "flags", "effective_time")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    DEBIT_ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CREDIT_ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    PENDING_ID_FIELD_NUMBER: _ClassVar[int]
    USER_DATA_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    transfer_id: str
    debit_account_id: str
    credit_account_id: str
    amount: int
    pending_id: str
    user_data: str
    timeout_seconds: int
    ledger: int
    code: int
    flags: TransferFlags
    effective_time: _timestamp_pb2.Timestamp
    def __init__(self, transfer_id: _Optional[str] = ..., debit_account_id: _Optional[str] = ..., credit_account_id: _Optional[str] = ..., amount: _Optional[int] = ..., pending_id: _Optional[str] = ..., user_data: _Optional[str] = ..., timeout_seconds: _Optional[int] = ..., ledger: _Optional[int] = ..., code: _Optional[int] = ..., flags: _Optional[_Union[TransferFlags, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateTransferResult(_message.Message):
    __slots__ = ("status", "transfer_id", "amount", "create_time")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    status: CreateTransferStatus
    transfer_id: str
    amount: int
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, status: _Optional[_Union[CreateTransferStatus, str]] = ..., transfer_id: _Optional[str] = ..., amount: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
