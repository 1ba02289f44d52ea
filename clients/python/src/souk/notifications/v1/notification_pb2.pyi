from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class NotificationKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOTIFICATION_KIND_UNSPECIFIED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ORDER_PLACED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ORDER_REJECTED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ORDER_PAID: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ORDER_CANCELED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ORDER_FULFILLED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ORDER_REFUNDED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_PAYMENT_FAILED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_PAYMENT_ACTION_REQUIRED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_REFUND_FAILED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_BACK_IN_STOCK: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_EMAIL_CONFIRMATION: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ORDER_PARTIALLY_FULFILLED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ORDER_FULFILLMENT_UPDATED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ORDER_FULFILLMENT_DELIVERED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ORDER_LINES_CANCELED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ORDER_REFUND_REVERSED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_ORDER_PAYMENT_REVERSED: _ClassVar[NotificationKind]
    NOTIFICATION_KIND_PRICE_REDUCED: _ClassVar[NotificationKind]

class NotificationChannel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOTIFICATION_CHANNEL_UNSPECIFIED: _ClassVar[NotificationChannel]
    NOTIFICATION_CHANNEL_IN_APP: _ClassVar[NotificationChannel]
    NOTIFICATION_CHANNEL_EMAIL: _ClassVar[NotificationChannel]
    NOTIFICATION_CHANNEL_WEBHOOK: _ClassVar[NotificationChannel]
NOTIFICATION_KIND_UNSPECIFIED: NotificationKind
NOTIFICATION_KIND_ORDER_PLACED: NotificationKind
NOTIFICATION_KIND_ORDER_REJECTED: NotificationKind
NOTIFICATION_KIND_ORDER_PAID: NotificationKind
NOTIFICATION_KIND_ORDER_CANCELED: NotificationKind
NOTIFICATION_KIND_ORDER_FULFILLED: NotificationKind
NOTIFICATION_KIND_ORDER_REFUNDED: NotificationKind
NOTIFICATION_KIND_PAYMENT_FAILED: NotificationKind
NOTIFICATION_KIND_PAYMENT_ACTION_REQUIRED: NotificationKind
NOTIFICATION_KIND_REFUND_FAILED: NotificationKind
NOTIFICATION_KIND_BACK_IN_STOCK: NotificationKind
NOTIFICATION_KIND_EMAIL_CONFIRMATION: NotificationKind
NOTIFICATION_KIND_ORDER_PARTIALLY_FULFILLED: NotificationKind
NOTIFICATION_KIND_ORDER_FULFILLMENT_UPDATED: NotificationKind
NOTIFICATION_KIND_ORDER_FULFILLMENT_DELIVERED: NotificationKind
NOTIFICATION_KIND_ORDER_LINES_CANCELED: NotificationKind
NOTIFICATION_KIND_ORDER_REFUND_REVERSED: NotificationKind
NOTIFICATION_KIND_ORDER_PAYMENT_REVERSED: NotificationKind
NOTIFICATION_KIND_PRICE_REDUCED: NotificationKind
NOTIFICATION_CHANNEL_UNSPECIFIED: NotificationChannel
NOTIFICATION_CHANNEL_IN_APP: NotificationChannel
NOTIFICATION_CHANNEL_EMAIL: NotificationChannel
NOTIFICATION_CHANNEL_WEBHOOK: NotificationChannel
