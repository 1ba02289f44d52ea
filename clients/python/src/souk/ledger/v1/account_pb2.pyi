import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateAccountStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CREATE_ACCOUNT_STATUS_UNSPECIFIED: _ClassVar[CreateAccountStatus]
    CREATE_ACCOUNT_STATUS_CREATED: _ClassVar[CreateAccountStatus]
    CREATE_ACCOUNT_STATUS_EXISTS: _ClassVar[CreateAccountStatus]
    CREATE_ACCOUNT_STATUS_LINKED_EVENT_FAILED: _ClassVar[CreateAccountStatus]
    CREATE_ACCOUNT_STATUS_LINKED_EVENT_CHAIN_OPEN: _ClassVar[CreateAccountStatus]
    CREATE_ACCOUNT_STATUS_ID_REPEATED_IN_CHAIN: _ClassVar[CreateAccountStatus]
    CREATE_ACCOUNT_STATUS_FLAGS_ARE_MUTUALLY_EXCLUSIVE: _ClassVar[CreateAccountStatus]
    CREATE_ACCOUNT_STATUS_EXISTS_WITH_DIFFERENT_FLAGS: _ClassVar[CreateAccountStatus]
    CREATE_ACCOUNT_STATUS_EXISTS_WITH_DIFFERENT_USER_DATA: _ClassVar[CreateAccountStatus]
    CREATE_ACCOUNT_STATUS_EXISTS_WITH_DIFFERENT_LEDGER: _ClassVar[CreateAccountStatus]
    CREATE_ACCOUNT_STATUS_EXISTS_WITH_DIFFERENT_CODE: _ClassVar[CreateAccountStatus]
    CREATE_ACCOUNT_STATUS_LEDGER_NOT_FOUND: _ClassVar[CreateAccountStatus]
CREATE_ACCOUNT_STATUS_UNSPECIFIED: CreateAccountStatus
CREATE_ACCOUNT_STATUS_CREATED: CreateAccountStatus
CREATE_ACCOUNT_STATUS_EXISTS: CreateAccountStatus
CREATE_ACCOUNT_STATUS_LINKED_EVENT_FAILED: CreateAccountStatus
CREATE_ACCOUNT_STATUS_LINKED_EVENT_CHAIN_OPEN: CreateAccountStatus
CREATE_ACCOUNT_STATUS_ID_REPEATED_IN_CHAIN: CreateAccountStatus
CREATE_ACCOUNT_STATUS_FLAGS_ARE_MUTUALLY_EXCLUSIVE: CreateAccountStatus
CREATE_ACCOUNT_STATUS_EXISTS_WITH_DIFFERENT_FLAGS: CreateAccountStatus
CREATE_ACCOUNT_STATUS_EXISTS_WITH_DIFFERENT_USER_DATA: CreateAccountStatus
CREATE_ACCOUNT_STATUS_EXISTS_WITH_DIFFERENT_LEDGER: CreateAccountStatus
CREATE_ACCOUNT_STATUS_EXISTS_WITH_DIFFERENT_CODE: CreateAccountStatus
CREATE_ACCOUNT_STATUS_LEDGER_NOT_FOUND: CreateAccountStatus

class Account(_message.Message):
    __slots__ = ("account_id", "ledger", "code", "flags", "user_data", "debits_pending", "debits_posted", "credits_pending", "credits_posted", "create_time", "transfer_count", "currency_code")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    USER_DATA_FIELD_NUMBER: _ClassVar[int]
    DEBITS_PENDING_FIELD_NUMBER: _ClassVar[int]
    DEBITS_POSTED_FIELD_NUMBER: _ClassVar[int]
    CREDITS_PENDING_FIELD_NUMBER: _ClassVar[int]
    CREDITS_POSTED_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_COUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    ledger: int
    code: int
    flags: AccountFlags
    user_data: str
    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int
    create_time: _timestamp_pb2.Timestamp
    transfer_count: int
    currency_code: str
    def __init__(self, account_id: _Optional[str] = ..., ledger: _Optional[int] = ..., code: _Optional[int] = ..., flags: _Optional[_Union[AccountFlags, _Mapping]] = ..., user_data: _Optional[str] = ..., debits_pending: _Optional[int] = ..., debits_posted: _Optional[int] = ..., credits_pending: _Optional[int] = ..., credits_posted: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., transfer_count: _Optional[int] = ..., currency_code: _Optional[str] = ...) -> None: ...

class AccountFlags(_message.Message):
    __slots__ = ("linked", "debits_must_not_exceed_credits", "credits_must_not_exceed_debits")
    LINKED_FIELD_NUMBER: _ClassVar[int]
    DEBITS_MUST_NOT_EXCEED_CREDITS_FIELD_NUMBER: _ClassVar[int]
    CREDITS_MUST_NOT_EXCEED_DEBITS_FIELD_NUMBER: _ClassVar[int]
    linked: bool
    debits_must_not_exceed_credits: bool
    credits_must_not_exceed_debits: bool
    def __init__(self, linked: _Optional[bool] = ..., debits_must_not_exceed_credits: _Optional[bool] = ..., credits_must_not_exceed_debits: _Optional[bool] = ...) -> None: ...

class AccountBalance(_message.Message):
    __slots__ = ("debits_pending", "debits_posted", "credits_pending", "credits_posted", "currency_code")
    DEBITS_PENDING_FIELD_NUMBER: _ClassVar[int]
    DEBITS_POSTED_FIELD_NUMBER: _ClassVar[int]
    CREDITS_PENDING_FIELD_NUMBER: _ClassVar[int]
    CREDITS_POSTED_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int
    currency_code: str
    def __init__(self, debits_pending: _Optional[int] = ..., debits_posted: _Optional[int] = ..., credits_pending: _Optional[int] = ..., credits_posted: _Optional[int] = ..., currency_code: _Optional[str] = ...) -> None: ...

class NewAccount(_message.Message):
    __slots__ = ("account_id", "ledger", "code", "flags", "user_data")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    USER_DATA_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    ledger: int
    code: int
    flags: AccountFlags
    user_data: str
    def __init__(self, account_id: _Optional[str] = ..., ledger: _Optional[int] = ..., code: _Optional[int] = ..., flags: _Optional[_Union[AccountFlags, _Mapping]] = ..., user_data: _Optional[str] = ...) -> None: ...

class CreateAccountResult(_message.Message):
    __slots__ = ("status", "account_id", "create_time")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    status: CreateAccountStatus
    account_id: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, status: _Optional[_Union[CreateAccountStatus, str]] = ..., account_id: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
