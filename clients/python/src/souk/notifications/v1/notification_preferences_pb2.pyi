import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.notifications.v1 import notification_pb2 as _notification_pb2
from souk.policy.v1 import field_pb2 as _field_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NotificationPreferences(_message.Message):
    __slots__ = ("customer_id", "email_address", "email_address_confirmed", "locale", "default_channels", "kinds", "etag", "update_time")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    EMAIL_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    EMAIL_ADDRESS_CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    email_address: str
    email_address_confirmed: bool
    locale: str
    default_channels: _containers.RepeatedScalarFieldContainer[_notification_pb2.NotificationChannel]
    kinds: _containers.RepeatedCompositeFieldContainer[KindPreference]
    etag: str
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, customer_id: _Optional[str] = ..., email_address: _Optional[str] = ..., email_address_confirmed: _Optional[bool] = ..., locale: _Optional[str] = ..., default_channels: _Optional[_Iterable[_Union[_notification_pb2.NotificationChannel, str]]] = ..., kinds: _Optional[_Iterable[_Union[KindPreference, _Mapping]]] = ..., etag: _Optional[str] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class KindPreference(_message.Message):
    __slots__ = ("kind", "channels")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    kind: _notification_pb2.NotificationKind
    channels: _containers.RepeatedScalarFieldContainer[_notification_pb2.NotificationChannel]
    def __init__(self, kind: _Optional[_Union[_notification_pb2.NotificationKind, str]] = ..., channels: _Optional[_Iterable[_Union[_notification_pb2.NotificationChannel, str]]] = ...) -> None: ...
