import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.notifications.v1 import notification_pb2 as _notification_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NotificationDeliveryState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOTIFICATION_DELIVERY_STATE_UNSPECIFIED: _ClassVar[NotificationDeliveryState]
    NOTIFICATION_DELIVERY_STATE_PENDING: _ClassVar[NotificationDeliveryState]
    NOTIFICATION_DELIVERY_STATE_DELIVERED: _ClassVar[NotificationDeliveryState]
    NOTIFICATION_DELIVERY_STATE_DEAD: _ClassVar[NotificationDeliveryState]
    NOTIFICATION_DELIVERY_STATE_SKIPPED: _ClassVar[NotificationDeliveryState]

class NotificationDeliveryFailure(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOTIFICATION_DELIVERY_FAILURE_UNSPECIFIED: _ClassVar[NotificationDeliveryFailure]
    NOTIFICATION_DELIVERY_FAILURE_HTTP_STATUS: _ClassVar[NotificationDeliveryFailure]
    NOTIFICATION_DELIVERY_FAILURE_SMTP_REPLY: _ClassVar[NotificationDeliveryFailure]
    NOTIFICATION_DELIVERY_FAILURE_TIMEOUT: _ClassVar[NotificationDeliveryFailure]
    NOTIFICATION_DELIVERY_FAILURE_UNREACHABLE: _ClassVar[NotificationDeliveryFailure]
    NOTIFICATION_DELIVERY_FAILURE_TARGET_REFUSED: _ClassVar[NotificationDeliveryFailure]
    NOTIFICATION_DELIVERY_FAILURE_ENDPOINT_DISABLED: _ClassVar[NotificationDeliveryFailure]
    NOTIFICATION_DELIVERY_FAILURE_NO_EMAIL_ADDRESS: _ClassVar[NotificationDeliveryFailure]
    NOTIFICATION_DELIVERY_FAILURE_EMAIL_ADDRESS_NOT_CONFIRMED: _ClassVar[NotificationDeliveryFailure]
    NOTIFICATION_DELIVERY_FAILURE_OBSOLETE: _ClassVar[NotificationDeliveryFailure]
    NOTIFICATION_DELIVERY_FAILURE_EVENT_UNREADABLE: _ClassVar[NotificationDeliveryFailure]
    NOTIFICATION_DELIVERY_FAILURE_INTERNAL: _ClassVar[NotificationDeliveryFailure]
    NOTIFICATION_DELIVERY_FAILURE_ORDER_UNREADABLE: _ClassVar[NotificationDeliveryFailure]
NOTIFICATION_DELIVERY_STATE_UNSPECIFIED: NotificationDeliveryState
NOTIFICATION_DELIVERY_STATE_PENDING: NotificationDeliveryState
NOTIFICATION_DELIVERY_STATE_DELIVERED: NotificationDeliveryState
NOTIFICATION_DELIVERY_STATE_DEAD: NotificationDeliveryState
NOTIFICATION_DELIVERY_STATE_SKIPPED: NotificationDeliveryState
NOTIFICATION_DELIVERY_FAILURE_UNSPECIFIED: NotificationDeliveryFailure
NOTIFICATION_DELIVERY_FAILURE_HTTP_STATUS: NotificationDeliveryFailure
NOTIFICATION_DELIVERY_FAILURE_SMTP_REPLY: NotificationDeliveryFailure
NOTIFICATION_DELIVERY_FAILURE_TIMEOUT: NotificationDeliveryFailure
NOTIFICATION_DELIVERY_FAILURE_UNREACHABLE: NotificationDeliveryFailure
NOTIFICATION_DELIVERY_FAILURE_TARGET_REFUSED: NotificationDeliveryFailure
NOTIFICATION_DELIVERY_FAILURE_ENDPOINT_DISABLED: NotificationDeliveryFailure
NOTIFICATION_DELIVERY_FAILURE_NO_EMAIL_ADDRESS: NotificationDeliveryFailure
NOTIFICATION_DELIVERY_FAILURE_EMAIL_ADDRESS_NOT_CONFIRMED: NotificationDeliveryFailure
NOTIFICATION_DELIVERY_FAILURE_OBSOLETE: NotificationDeliveryFailure
NOTIFICATION_DELIVERY_FAILURE_EVENT_UNREADABLE: NotificationDeliveryFailure
NOTIFICATION_DELIVERY_FAILURE_INTERNAL: NotificationDeliveryFailure
NOTIFICATION_DELIVERY_FAILURE_ORDER_UNREADABLE: NotificationDeliveryFailure

class NotificationDelivery(_message.Message):
    __slots__ = ("delivery_id", "event_id", "event_type", "subject", "channel", "kind", "customer_id", "endpoint_id", "state", "key", "attempt_count", "failure", "failure_code", "failure_detail", "create_time", "next_attempt_time", "end_time")
    DELIVERY_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_CODE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_DETAIL_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    NEXT_ATTEMPT_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    delivery_id: str
    event_id: str
    event_type: str
    subject: str
    channel: _notification_pb2.NotificationChannel
    kind: _notification_pb2.NotificationKind
    customer_id: str
    endpoint_id: str
    state: NotificationDeliveryState
    key: str
    attempt_count: int
    failure: NotificationDeliveryFailure
    failure_code: int
    failure_detail: str
    create_time: _timestamp_pb2.Timestamp
    next_attempt_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, delivery_id: _Optional[str] = ..., event_id: _Optional[str] = ..., event_type: _Optional[str] = ..., subject: _Optional[str] = ..., channel: _Optional[_Union[_notification_pb2.NotificationChannel, str]] = ..., kind: _Optional[_Union[_notification_pb2.NotificationKind, str]] = ..., customer_id: _Optional[str] = ..., endpoint_id: _Optional[str] = ..., state: _Optional[_Union[NotificationDeliveryState, str]] = ..., key: _Optional[str] = ..., attempt_count: _Optional[int] = ..., failure: _Optional[_Union[NotificationDeliveryFailure, str]] = ..., failure_code: _Optional[int] = ..., failure_detail: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., next_attempt_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
