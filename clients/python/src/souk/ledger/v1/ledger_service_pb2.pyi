import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.ledger.v1 import account_pb2 as _account_pb2
from souk.ledger.v1 import ledger_pb2 as _ledger_pb2
from souk.ledger.v1 import transfer_pb2 as _transfer_pb2
from souk.policy.v1 import policy_pb2 as _policy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TransferSide(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRANSFER_SIDE_UNSPECIFIED: _ClassVar[TransferSide]
    TRANSFER_SIDE_DEBIT: _ClassVar[TransferSide]
    TRANSFER_SIDE_CREDIT: _ClassVar[TransferSide]

class TimeAxis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIME_AXIS_UNSPECIFIED: _ClassVar[TimeAxis]
    TIME_AXIS_RECORDED: _ClassVar[TimeAxis]
    TIME_AXIS_EFFECTIVE: _ClassVar[TimeAxis]
TRANSFER_SIDE_UNSPECIFIED: TransferSide
TRANSFER_SIDE_DEBIT: TransferSide
TRANSFER_SIDE_CREDIT: TransferSide
TIME_AXIS_UNSPECIFIED: TimeAxis
TIME_AXIS_RECORDED: TimeAxis
TIME_AXIS_EFFECTIVE: TimeAxis

class CreateLedgerRequest(_message.Message):
    __slots__ = ("ledger",)
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    ledger: _ledger_pb2.Ledger
    def __init__(self, ledger: _Optional[_Union[_ledger_pb2.Ledger, _Mapping]] = ...) -> None: ...

class CreateLedgerResponse(_message.Message):
    __slots__ = ("ledger",)
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    ledger: _ledger_pb2.Ledger
    def __init__(self, ledger: _Optional[_Union[_ledger_pb2.Ledger, _Mapping]] = ...) -> None: ...

class GetLedgerRequest(_message.Message):
    __slots__ = ("ledger",)
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    ledger: int
    def __init__(self, ledger: _Optional[int] = ...) -> None: ...

class GetLedgerResponse(_message.Message):
    __slots__ = ("ledger",)
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    ledger: _ledger_pb2.Ledger
    def __init__(self, ledger: _Optional[_Union[_ledger_pb2.Ledger, _Mapping]] = ...) -> None: ...

class ListLedgersRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListLedgersResponse(_message.Message):
    __slots__ = ("ledgers", "next_page_token")
    LEDGERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ledgers: _containers.RepeatedCompositeFieldContainer[_ledger_pb2.Ledger]
    next_page_token: str
    def __init__(self, ledgers: _Optional[_Iterable[_Union[_ledger_pb2.Ledger, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateAccountsRequest(_message.Message):
    __slots__ = ("accounts",)
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    accounts: _containers.RepeatedCompositeFieldContainer[_account_pb2.NewAccount]
    def __init__(self, accounts: _Optional[_Iterable[_Union[_account_pb2.NewAccount, _Mapping]]] = ...) -> None: ...

class CreateAccountsResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[_account_pb2.CreateAccountResult]
    def __init__(self, results: _Optional[_Iterable[_Union[_account_pb2.CreateAccountResult, _Mapping]]] = ...) -> None: ...

class CreateTransfersRequest(_message.Message):
    __slots__ = ("transfers",)
    TRANSFERS_FIELD_NUMBER: _ClassVar[int]
    transfers: _containers.RepeatedCompositeFieldContainer[_transfer_pb2.NewTransfer]
    def __init__(self, transfers: _Optional[_Iterable[_Union[_transfer_pb2.NewTransfer, _Mapping]]] = ...) -> None: ...

class CreateTransfersResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[_transfer_pb2.CreateTransferResult]
    def __init__(self, results: _Optional[_Iterable[_Union[_transfer_pb2.CreateTransferResult, _Mapping]]] = ...) -> None: ...

class LookupAccountsRequest(_message.Message):
    __slots__ = ("account_ids",)
    ACCOUNT_IDS_FIELD_NUMBER: _ClassVar[int]
    account_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, account_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class LookupAccountsResponse(_message.Message):
    __slots__ = ("accounts", "missing_account_ids")
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    MISSING_ACCOUNT_IDS_FIELD_NUMBER: _ClassVar[int]
    accounts: _containers.RepeatedCompositeFieldContainer[_account_pb2.Account]
    missing_account_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, accounts: _Optional[_Iterable[_Union[_account_pb2.Account, _Mapping]]] = ..., missing_account_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class LookupTransfersRequest(_message.Message):
    __slots__ = ("transfer_ids",)
    TRANSFER_IDS_FIELD_NUMBER: _ClassVar[int]
    transfer_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, transfer_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class LookupTransfersResponse(_message.Message):
    __slots__ = ("transfers", "missing_transfer_ids")
    TRANSFERS_FIELD_NUMBER: _ClassVar[int]
    MISSING_TRANSFER_IDS_FIELD_NUMBER: _ClassVar[int]
    transfers: _containers.RepeatedCompositeFieldContainer[_transfer_pb2.Transfer]
    missing_transfer_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, transfers: _Optional[_Iterable[_Union[_transfer_pb2.Transfer, _Mapping]]] = ..., missing_transfer_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ListAccountsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "ledger", "code", "user_data")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    USER_DATA_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    ledger: int
    code: int
    user_data: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., ledger: _Optional[int] = ..., code: _Optional[int] = ..., user_data: _Optional[str] = ...) -> None: ...

class ListAccountsResponse(_message.Message):
    __slots__ = ("accounts", "next_page_token")
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    accounts: _containers.RepeatedCompositeFieldContainer[_account_pb2.Account]
    next_page_token: str
    def __init__(self, accounts: _Optional[_Iterable[_Union[_account_pb2.Account, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListTransfersRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "ledger", "code", "user_data", "create_time_after", "create_time_before", "effective_time_after", "effective_time_before", "order_by")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    USER_DATA_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_AFTER_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_BEFORE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_AFTER_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_BEFORE_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    ledger: int
    code: int
    user_data: str
    create_time_after: _timestamp_pb2.Timestamp
    create_time_before: _timestamp_pb2.Timestamp
    effective_time_after: _timestamp_pb2.Timestamp
    effective_time_before: _timestamp_pb2.Timestamp
    order_by: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., ledger: _Optional[int] = ..., code: _Optional[int] = ..., user_data: _Optional[str] = ..., create_time_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., order_by: _Optional[str] = ...) -> None: ...

class ListTransfersResponse(_message.Message):
    __slots__ = ("transfers", "next_page_token")
    TRANSFERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    transfers: _containers.RepeatedCompositeFieldContainer[_transfer_pb2.Transfer]
    next_page_token: str
    def __init__(self, transfers: _Optional[_Iterable[_Union[_transfer_pb2.Transfer, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListAccountTransfersRequest(_message.Message):
    __slots__ = ("account_id", "page_size", "page_token", "side", "code", "user_data", "create_time_after", "create_time_before", "effective_time_after", "effective_time_before")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    USER_DATA_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_AFTER_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_BEFORE_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_AFTER_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_BEFORE_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    page_size: int
    page_token: str
    side: TransferSide
    code: int
    user_data: str
    create_time_after: _timestamp_pb2.Timestamp
    create_time_before: _timestamp_pb2.Timestamp
    effective_time_after: _timestamp_pb2.Timestamp
    effective_time_before: _timestamp_pb2.Timestamp
    def __init__(self, account_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., side: _Optional[_Union[TransferSide, str]] = ..., code: _Optional[int] = ..., user_data: _Optional[str] = ..., create_time_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListAccountTransfersResponse(_message.Message):
    __slots__ = ("transfers", "next_page_token")
    TRANSFERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    transfers: _containers.RepeatedCompositeFieldContainer[_transfer_pb2.Transfer]
    next_page_token: str
    def __init__(self, transfers: _Optional[_Iterable[_Union[_transfer_pb2.Transfer, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetAccountBalanceRequest(_message.Message):
    __slots__ = ("account_id", "at_time", "time_axis")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    AT_TIME_FIELD_NUMBER: _ClassVar[int]
    TIME_AXIS_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    at_time: _timestamp_pb2.Timestamp
    time_axis: TimeAxis
    def __init__(self, account_id: _Optional[str] = ..., at_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., time_axis: _Optional[_Union[TimeAxis, str]] = ...) -> None: ...

class GetAccountBalanceResponse(_message.Message):
    __slots__ = ("balance",)
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    balance: _account_pb2.AccountBalance
    def __init__(self, balance: _Optional[_Union[_account_pb2.AccountBalance, _Mapping]] = ...) -> None: ...

class GetTrialBalanceRequest(_message.Message):
    __slots__ = ("ledger",)
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    ledger: int
    def __init__(self, ledger: _Optional[int] = ...) -> None: ...

class TrialBalanceLine(_message.Message):
    __slots__ = ("ledger", "balance", "account_count")
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ledger: int
    balance: _account_pb2.AccountBalance
    account_count: int
    def __init__(self, ledger: _Optional[int] = ..., balance: _Optional[_Union[_account_pb2.AccountBalance, _Mapping]] = ..., account_count: _Optional[int] = ...) -> None: ...

class GetTrialBalanceResponse(_message.Message):
    __slots__ = ("lines",)
    LINES_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[TrialBalanceLine]
    def __init__(self, lines: _Optional[_Iterable[_Union[TrialBalanceLine, _Mapping]]] = ...) -> None: ...
