import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.payments.v1 import payment_pb2 as _payment_pb2
from souk.policy.v1 import field_pb2 as _field_pb2
from souk.type.v1 import actor_pb2 as _actor_pb2
from souk.type.v1 import address_pb2 as _address_pb2
from souk.type.v1 import contact_pb2 as _contact_pb2
from souk.type.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FulfillmentState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FULFILLMENT_STATE_UNSPECIFIED: _ClassVar[FulfillmentState]
    FULFILLMENT_STATE_PENDING: _ClassVar[FulfillmentState]
    FULFILLMENT_STATE_SHIPPED: _ClassVar[FulfillmentState]
    FULFILLMENT_STATE_DELIVERED: _ClassVar[FulfillmentState]

class OrderState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_STATE_UNSPECIFIED: _ClassVar[OrderState]
    ORDER_STATE_PENDING: _ClassVar[OrderState]
    ORDER_STATE_PLACED: _ClassVar[OrderState]
    ORDER_STATE_COMPLETED: _ClassVar[OrderState]
    ORDER_STATE_CANCELED: _ClassVar[OrderState]
    ORDER_STATE_REJECTED: _ClassVar[OrderState]

class PaymentStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAYMENT_STATUS_UNSPECIFIED: _ClassVar[PaymentStatus]
    PAYMENT_STATUS_UNPAID: _ClassVar[PaymentStatus]
    PAYMENT_STATUS_ACTION_REQUIRED: _ClassVar[PaymentStatus]
    PAYMENT_STATUS_AUTHORIZED: _ClassVar[PaymentStatus]
    PAYMENT_STATUS_PARTIALLY_PAID: _ClassVar[PaymentStatus]
    PAYMENT_STATUS_PAID: _ClassVar[PaymentStatus]
    PAYMENT_STATUS_PARTIALLY_REFUNDED: _ClassVar[PaymentStatus]
    PAYMENT_STATUS_REFUNDED: _ClassVar[PaymentStatus]
    PAYMENT_STATUS_VOIDED: _ClassVar[PaymentStatus]
    PAYMENT_STATUS_DISPUTED: _ClassVar[PaymentStatus]
    PAYMENT_STATUS_REVERSED: _ClassVar[PaymentStatus]

class FulfillmentStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FULFILLMENT_STATUS_UNSPECIFIED: _ClassVar[FulfillmentStatus]
    FULFILLMENT_STATUS_UNFULFILLED: _ClassVar[FulfillmentStatus]
    FULFILLMENT_STATUS_PARTIALLY_FULFILLED: _ClassVar[FulfillmentStatus]
    FULFILLMENT_STATUS_FULFILLED: _ClassVar[FulfillmentStatus]
    FULFILLMENT_STATUS_DELIVERED: _ClassVar[FulfillmentStatus]
    FULFILLMENT_STATUS_PARTIALLY_RETURNED: _ClassVar[FulfillmentStatus]
    FULFILLMENT_STATUS_RETURNED: _ClassVar[FulfillmentStatus]

class CaptureMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAPTURE_METHOD_UNSPECIFIED: _ClassVar[CaptureMethod]
    CAPTURE_METHOD_AUTOMATIC: _ClassVar[CaptureMethod]
    CAPTURE_METHOD_ON_FULFILLMENT: _ClassVar[CaptureMethod]
    CAPTURE_METHOD_MANUAL: _ClassVar[CaptureMethod]

class OrderClosureReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_CLOSURE_REASON_UNSPECIFIED: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_CANCELED: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_REFUNDED: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_VARIANT_NOT_FOUND: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_PRICE_NOT_FOUND: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_PRICE_ARCHIVED: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_CURRENCY_MISMATCH: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_NOT_FOR_SALE: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_PRICE_NOT_ALLOWED: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_PRICE_CHANGED: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_TOTAL_OVERFLOW: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_OUT_OF_STOCK: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_RESERVATION_EXPIRED: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_PAYMENT_DECLINED: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_PAYMENT_ACTION_EXPIRED: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_PAYMENT_CANCELED: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_UNKNOWN_PAYMENT_METHOD: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_GAVE_UP: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_UPSTREAM_REFUSED: _ClassVar[OrderClosureReason]
    ORDER_CLOSURE_REASON_PARTIAL_PAYMENTS_EXCEED_TOTAL: _ClassVar[OrderClosureReason]

class OrderAdjustmentType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_ADJUSTMENT_TYPE_UNSPECIFIED: _ClassVar[OrderAdjustmentType]
    ORDER_ADJUSTMENT_TYPE_DISCOUNT: _ClassVar[OrderAdjustmentType]
    ORDER_ADJUSTMENT_TYPE_SHIPPING: _ClassVar[OrderAdjustmentType]
    ORDER_ADJUSTMENT_TYPE_TAX: _ClassVar[OrderAdjustmentType]

class RefundState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REFUND_STATE_UNSPECIFIED: _ClassVar[RefundState]
    REFUND_STATE_PENDING: _ClassVar[RefundState]
    REFUND_STATE_SUCCEEDED: _ClassVar[RefundState]
    REFUND_STATE_FAILED: _ClassVar[RefundState]

class RefundReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REFUND_REASON_UNSPECIFIED: _ClassVar[RefundReason]
    REFUND_REASON_CUSTOMER_REQUEST: _ClassVar[RefundReason]
    REFUND_REASON_DEFECTIVE: _ClassVar[RefundReason]
    REFUND_REASON_WRONG_ITEM: _ClassVar[RefundReason]
    REFUND_REASON_NOT_RECEIVED: _ClassVar[RefundReason]
    REFUND_REASON_OVERCHARGED: _ClassVar[RefundReason]
    REFUND_REASON_FRAUD: _ClassVar[RefundReason]
    REFUND_REASON_GOODWILL: _ClassVar[RefundReason]
    REFUND_REASON_OUTSIDE_OF_ORDER: _ClassVar[RefundReason]
    REFUND_REASON_OTHER: _ClassVar[RefundReason]

class RestockPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESTOCK_POLICY_UNSPECIFIED: _ClassVar[RestockPolicy]
    RESTOCK_POLICY_ALL: _ClassVar[RestockPolicy]
    RESTOCK_POLICY_NONE: _ClassVar[RestockPolicy]

class CancelReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CANCEL_REASON_UNSPECIFIED: _ClassVar[CancelReason]
    CANCEL_REASON_CUSTOMER_REQUEST: _ClassVar[CancelReason]
    CANCEL_REASON_OUT_OF_STOCK: _ClassVar[CancelReason]
    CANCEL_REASON_FRAUD: _ClassVar[CancelReason]
    CANCEL_REASON_DUPLICATE: _ClassVar[CancelReason]
    CANCEL_REASON_OTHER: _ClassVar[CancelReason]

class OrderChangeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_CHANGE_KIND_UNSPECIFIED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_CREATED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_PRICED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_PAYMENT_ACTION_REQUIRED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_PAYMENT_METHOD_DECLINED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_PAYMENT_RETRIED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_PLACED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_PAID: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_REJECTED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_CANCEL_STARTED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_CANCELED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_FULFILL_STARTED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_FULFILLED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_REFUND_STARTED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_REFUND_SUCCEEDED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_GOODS_RETURNED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_REFUND_FAILED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_QUARANTINED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_RESUMED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_PARTIALLY_PAID: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_PARTIALLY_FULFILLED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_FULFILLMENT_UPDATED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_FULFILLMENT_DELIVERED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_LINES_CANCELED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_CAPTURE_STARTED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_FULFILL_REFUSED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_CANCEL_REFUSED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_PAYMENT_AUTHORIZED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_UPDATED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_PAYMENT_REVERSED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_REFUND_REVERSED: _ClassVar[OrderChangeKind]
    ORDER_CHANGE_KIND_CUSTOMER_CHANGED: _ClassVar[OrderChangeKind]

class OrderChangeCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_CHANGE_CAUSE_UNSPECIFIED: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_PLACE_ORDER: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_CANCEL_ORDER: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_CREATE_FULFILLMENT: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_REFUND_ORDER: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_RETRY_PAYMENT: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_REPAIR: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_EXPIRY: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_STOCK_RELEASED: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_CAPTURE_ORDER: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_UPDATE_FULFILLMENT: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_MARK_FULFILLMENT_DELIVERED: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_PAYMENT_CHANGED: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_UPDATE_ORDER: _ClassVar[OrderChangeCause]
    ORDER_CHANGE_CAUSE_CLAIM_GUEST_ORDERS: _ClassVar[OrderChangeCause]
FULFILLMENT_STATE_UNSPECIFIED: FulfillmentState
FULFILLMENT_STATE_PENDING: FulfillmentState
FULFILLMENT_STATE_SHIPPED: FulfillmentState
FULFILLMENT_STATE_DELIVERED: FulfillmentState
ORDER_STATE_UNSPECIFIED: OrderState
ORDER_STATE_PENDING: OrderState
ORDER_STATE_PLACED: OrderState
ORDER_STATE_COMPLETED: OrderState
ORDER_STATE_CANCELED: OrderState
ORDER_STATE_REJECTED: OrderState
PAYMENT_STATUS_UNSPECIFIED: PaymentStatus
PAYMENT_STATUS_UNPAID: PaymentStatus
PAYMENT_STATUS_ACTION_REQUIRED: PaymentStatus
PAYMENT_STATUS_AUTHORIZED: PaymentStatus
PAYMENT_STATUS_PARTIALLY_PAID: PaymentStatus
PAYMENT_STATUS_PAID: PaymentStatus
PAYMENT_STATUS_PARTIALLY_REFUNDED: PaymentStatus
PAYMENT_STATUS_REFUNDED: PaymentStatus
PAYMENT_STATUS_VOIDED: PaymentStatus
PAYMENT_STATUS_DISPUTED: PaymentStatus
PAYMENT_STATUS_REVERSED: PaymentStatus
FULFILLMENT_STATUS_UNSPECIFIED: FulfillmentStatus
FULFILLMENT_STATUS_UNFULFILLED: FulfillmentStatus
FULFILLMENT_STATUS_PARTIALLY_FULFILLED: FulfillmentStatus
FULFILLMENT_STATUS_FULFILLED: FulfillmentStatus
FULFILLMENT_STATUS_DELIVERED: FulfillmentStatus
FULFILLMENT_STATUS_PARTIALLY_RETURNED: FulfillmentStatus
FULFILLMENT_STATUS_RETURNED: FulfillmentStatus
CAPTURE_METHOD_UNSPECIFIED: CaptureMethod
CAPTURE_METHOD_AUTOMATIC: CaptureMethod
CAPTURE_METHOD_ON_FULFILLMENT: CaptureMethod
CAPTURE_METHOD_MANUAL: CaptureMethod
ORDER_CLOSURE_REASON_UNSPECIFIED: OrderClosureReason
ORDER_CLOSURE_REASON_CANCELED: OrderClosureReason
ORDER_CLOSURE_REASON_REFUNDED: OrderClosureReason
ORDER_CLOSURE_REASON_VARIANT_NOT_FOUND: OrderClosureReason
ORDER_CLOSURE_REASON_PRICE_NOT_FOUND: OrderClosureReason
ORDER_CLOSURE_REASON_PRICE_ARCHIVED: OrderClosureReason
ORDER_CLOSURE_REASON_CURRENCY_MISMATCH: OrderClosureReason
ORDER_CLOSURE_REASON_NOT_FOR_SALE: OrderClosureReason
ORDER_CLOSURE_REASON_PRICE_NOT_ALLOWED: OrderClosureReason
ORDER_CLOSURE_REASON_PRICE_CHANGED: OrderClosureReason
ORDER_CLOSURE_REASON_TOTAL_OVERFLOW: OrderClosureReason
ORDER_CLOSURE_REASON_OUT_OF_STOCK: OrderClosureReason
ORDER_CLOSURE_REASON_RESERVATION_EXPIRED: OrderClosureReason
ORDER_CLOSURE_REASON_PAYMENT_DECLINED: OrderClosureReason
ORDER_CLOSURE_REASON_PAYMENT_ACTION_EXPIRED: OrderClosureReason
ORDER_CLOSURE_REASON_PAYMENT_CANCELED: OrderClosureReason
ORDER_CLOSURE_REASON_UNKNOWN_PAYMENT_METHOD: OrderClosureReason
ORDER_CLOSURE_REASON_GAVE_UP: OrderClosureReason
ORDER_CLOSURE_REASON_UPSTREAM_REFUSED: OrderClosureReason
ORDER_CLOSURE_REASON_PARTIAL_PAYMENTS_EXCEED_TOTAL: OrderClosureReason
ORDER_ADJUSTMENT_TYPE_UNSPECIFIED: OrderAdjustmentType
ORDER_ADJUSTMENT_TYPE_DISCOUNT: OrderAdjustmentType
ORDER_ADJUSTMENT_TYPE_SHIPPING: OrderAdjustmentType
ORDER_ADJUSTMENT_TYPE_TAX: OrderAdjustmentType
REFUND_STATE_UNSPECIFIED: RefundState
REFUND_STATE_PENDING: RefundState
REFUND_STATE_SUCCEEDED: RefundState
REFUND_STATE_FAILED: RefundState
REFUND_REASON_UNSPECIFIED: RefundReason
REFUND_REASON_CUSTOMER_REQUEST: RefundReason
REFUND_REASON_DEFECTIVE: RefundReason
REFUND_REASON_WRONG_ITEM: RefundReason
REFUND_REASON_NOT_RECEIVED: RefundReason
REFUND_REASON_OVERCHARGED: RefundReason
REFUND_REASON_FRAUD: RefundReason
REFUND_REASON_GOODWILL: RefundReason
REFUND_REASON_OUTSIDE_OF_ORDER: RefundReason
REFUND_REASON_OTHER: RefundReason
RESTOCK_POLICY_UNSPECIFIED: RestockPolicy
RESTOCK_POLICY_ALL: RestockPolicy
RESTOCK_POLICY_NONE: RestockPolicy
CANCEL_REASON_UNSPECIFIED: CancelReason
CANCEL_REASON_CUSTOMER_REQUEST: CancelReason
CANCEL_REASON_OUT_OF_STOCK: CancelReason
CANCEL_REASON_FRAUD: CancelReason
CANCEL_REASON_DUPLICATE: CancelReason
CANCEL_REASON_OTHER: CancelReason
ORDER_CHANGE_KIND_UNSPECIFIED: OrderChangeKind
ORDER_CHANGE_KIND_CREATED: OrderChangeKind
ORDER_CHANGE_KIND_PRICED: OrderChangeKind
ORDER_CHANGE_KIND_PAYMENT_ACTION_REQUIRED: OrderChangeKind
ORDER_CHANGE_KIND_PAYMENT_METHOD_DECLINED: OrderChangeKind
ORDER_CHANGE_KIND_PAYMENT_RETRIED: OrderChangeKind
ORDER_CHANGE_KIND_PLACED: OrderChangeKind
ORDER_CHANGE_KIND_PAID: OrderChangeKind
ORDER_CHANGE_KIND_REJECTED: OrderChangeKind
ORDER_CHANGE_KIND_CANCEL_STARTED: OrderChangeKind
ORDER_CHANGE_KIND_CANCELED: OrderChangeKind
ORDER_CHANGE_KIND_FULFILL_STARTED: OrderChangeKind
ORDER_CHANGE_KIND_FULFILLED: OrderChangeKind
ORDER_CHANGE_KIND_REFUND_STARTED: OrderChangeKind
ORDER_CHANGE_KIND_REFUND_SUCCEEDED: OrderChangeKind
ORDER_CHANGE_KIND_GOODS_RETURNED: OrderChangeKind
ORDER_CHANGE_KIND_REFUND_FAILED: OrderChangeKind
ORDER_CHANGE_KIND_QUARANTINED: OrderChangeKind
ORDER_CHANGE_KIND_RESUMED: OrderChangeKind
ORDER_CHANGE_KIND_PARTIALLY_PAID: OrderChangeKind
ORDER_CHANGE_KIND_PARTIALLY_FULFILLED: OrderChangeKind
ORDER_CHANGE_KIND_FULFILLMENT_UPDATED: OrderChangeKind
ORDER_CHANGE_KIND_FULFILLMENT_DELIVERED: OrderChangeKind
ORDER_CHANGE_KIND_LINES_CANCELED: OrderChangeKind
ORDER_CHANGE_KIND_CAPTURE_STARTED: OrderChangeKind
ORDER_CHANGE_KIND_FULFILL_REFUSED: OrderChangeKind
ORDER_CHANGE_KIND_CANCEL_REFUSED: OrderChangeKind
ORDER_CHANGE_KIND_PAYMENT_AUTHORIZED: OrderChangeKind
ORDER_CHANGE_KIND_UPDATED: OrderChangeKind
ORDER_CHANGE_KIND_PAYMENT_REVERSED: OrderChangeKind
ORDER_CHANGE_KIND_REFUND_REVERSED: OrderChangeKind
ORDER_CHANGE_KIND_CUSTOMER_CHANGED: OrderChangeKind
ORDER_CHANGE_CAUSE_UNSPECIFIED: OrderChangeCause
ORDER_CHANGE_CAUSE_PLACE_ORDER: OrderChangeCause
ORDER_CHANGE_CAUSE_CANCEL_ORDER: OrderChangeCause
ORDER_CHANGE_CAUSE_CREATE_FULFILLMENT: OrderChangeCause
ORDER_CHANGE_CAUSE_REFUND_ORDER: OrderChangeCause
ORDER_CHANGE_CAUSE_RETRY_PAYMENT: OrderChangeCause
ORDER_CHANGE_CAUSE_REPAIR: OrderChangeCause
ORDER_CHANGE_CAUSE_EXPIRY: OrderChangeCause
ORDER_CHANGE_CAUSE_STOCK_RELEASED: OrderChangeCause
ORDER_CHANGE_CAUSE_CAPTURE_ORDER: OrderChangeCause
ORDER_CHANGE_CAUSE_UPDATE_FULFILLMENT: OrderChangeCause
ORDER_CHANGE_CAUSE_MARK_FULFILLMENT_DELIVERED: OrderChangeCause
ORDER_CHANGE_CAUSE_PAYMENT_CHANGED: OrderChangeCause
ORDER_CHANGE_CAUSE_UPDATE_ORDER: OrderChangeCause
ORDER_CHANGE_CAUSE_CLAIM_GUEST_ORDERS: OrderChangeCause

class Order(_message.Message):
    __slots__ = ("order_id", "customer_id", "reference", "state", "lines", "total", "refunded_total", "reservation_id", "refunds", "version", "quarantined", "create_time", "update_time", "effective_time", "line_count", "order_number", "payment_status", "fulfillment_status", "closure_reason", "channel", "locale", "subtotal", "discount_total", "shipping_total", "tax_total", "tax_included", "adjustments", "payments", "payment_action", "expire_time", "contact", "shipping_address", "billing_address", "customer_note", "metadata", "capture_method", "fulfillments", "fulfillment_count", "canceled_total", "captured_total", "etag")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    REFUNDS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    QUARANTINED_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    LINE_COUNT_FIELD_NUMBER: _ClassVar[int]
    ORDER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_STATUS_FIELD_NUMBER: _ClassVar[int]
    FULFILLMENT_STATUS_FIELD_NUMBER: _ClassVar[int]
    CLOSURE_REASON_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    SUBTOTAL_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_TOTAL_FIELD_NUMBER: _ClassVar[int]
    SHIPPING_TOTAL_FIELD_NUMBER: _ClassVar[int]
    TAX_TOTAL_FIELD_NUMBER: _ClassVar[int]
    TAX_INCLUDED_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENTS_FIELD_NUMBER: _ClassVar[int]
    PAYMENTS_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_ACTION_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    SHIPPING_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    BILLING_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_NOTE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_METHOD_FIELD_NUMBER: _ClassVar[int]
    FULFILLMENTS_FIELD_NUMBER: _ClassVar[int]
    FULFILLMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    CANCELED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    customer_id: str
    reference: str
    state: OrderState
    lines: _containers.RepeatedCompositeFieldContainer[OrderLine]
    total: _money_pb2.Money
    refunded_total: _money_pb2.Money
    reservation_id: str
    refunds: _containers.RepeatedCompositeFieldContainer[Refund]
    version: int
    quarantined: bool
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    effective_time: _timestamp_pb2.Timestamp
    line_count: int
    order_number: str
    payment_status: PaymentStatus
    fulfillment_status: FulfillmentStatus
    closure_reason: OrderClosureReason
    channel: str
    locale: str
    subtotal: _money_pb2.Money
    discount_total: _money_pb2.Money
    shipping_total: _money_pb2.Money
    tax_total: _money_pb2.Money
    tax_included: bool
    adjustments: _containers.RepeatedCompositeFieldContainer[OrderAdjustment]
    payments: _containers.RepeatedCompositeFieldContainer[OrderPayment]
    payment_action: OrderPaymentAction
    expire_time: _timestamp_pb2.Timestamp
    contact: _contact_pb2.Contact
    shipping_address: _address_pb2.Address
    billing_address: _address_pb2.Address
    customer_note: str
    metadata: _containers.ScalarMap[str, str]
    capture_method: CaptureMethod
    fulfillments: _containers.RepeatedCompositeFieldContainer[Fulfillment]
    fulfillment_count: int
    canceled_total: _money_pb2.Money
    captured_total: _money_pb2.Money
    etag: str
    def __init__(self, order_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., reference: _Optional[str] = ..., state: _Optional[_Union[OrderState, str]] = ..., lines: _Optional[_Iterable[_Union[OrderLine, _Mapping]]] = ..., total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., refunded_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., reservation_id: _Optional[str] = ..., refunds: _Optional[_Iterable[_Union[Refund, _Mapping]]] = ..., version: _Optional[int] = ..., quarantined: _Optional[bool] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., line_count: _Optional[int] = ..., order_number: _Optional[str] = ..., payment_status: _Optional[_Union[PaymentStatus, str]] = ..., fulfillment_status: _Optional[_Union[FulfillmentStatus, str]] = ..., closure_reason: _Optional[_Union[OrderClosureReason, str]] = ..., channel: _Optional[str] = ..., locale: _Optional[str] = ..., subtotal: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., discount_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., shipping_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., tax_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., tax_included: _Optional[bool] = ..., adjustments: _Optional[_Iterable[_Union[OrderAdjustment, _Mapping]]] = ..., payments: _Optional[_Iterable[_Union[OrderPayment, _Mapping]]] = ..., payment_action: _Optional[_Union[OrderPaymentAction, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., contact: _Optional[_Union[_contact_pb2.Contact, _Mapping]] = ..., shipping_address: _Optional[_Union[_address_pb2.Address, _Mapping]] = ..., billing_address: _Optional[_Union[_address_pb2.Address, _Mapping]] = ..., customer_note: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., capture_method: _Optional[_Union[CaptureMethod, str]] = ..., fulfillments: _Optional[_Iterable[_Union[Fulfillment, _Mapping]]] = ..., fulfillment_count: _Optional[int] = ..., canceled_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., captured_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class OrderLine(_message.Message):
    __slots__ = ("line_number", "sku", "price_id", "title", "quantity", "unit_price", "refunded_quantity", "returned_quantity", "product_id", "variant_id", "subtotal", "discount_total", "tax_total", "total", "fulfilled_quantity", "canceled_quantity")
    LINE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    PRICE_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    RETURNED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    VARIANT_ID_FIELD_NUMBER: _ClassVar[int]
    SUBTOTAL_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_TOTAL_FIELD_NUMBER: _ClassVar[int]
    TAX_TOTAL_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    FULFILLED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    CANCELED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    line_number: int
    sku: str
    price_id: str
    title: str
    quantity: int
    unit_price: _money_pb2.Money
    refunded_quantity: int
    returned_quantity: int
    product_id: str
    variant_id: str
    subtotal: _money_pb2.Money
    discount_total: _money_pb2.Money
    tax_total: _money_pb2.Money
    total: _money_pb2.Money
    fulfilled_quantity: int
    canceled_quantity: int
    def __init__(self, line_number: _Optional[int] = ..., sku: _Optional[str] = ..., price_id: _Optional[str] = ..., title: _Optional[str] = ..., quantity: _Optional[int] = ..., unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., refunded_quantity: _Optional[int] = ..., returned_quantity: _Optional[int] = ..., product_id: _Optional[str] = ..., variant_id: _Optional[str] = ..., subtotal: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., discount_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., tax_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., fulfilled_quantity: _Optional[int] = ..., canceled_quantity: _Optional[int] = ...) -> None: ...

class Fulfillment(_message.Message):
    __slots__ = ("fulfillment_id", "order_id", "state", "lines", "line_count", "location_id", "tracking", "create_time", "update_time", "effective_time", "delivery_time", "actor", "etag")
    FULFILLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    LINE_COUNT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    TRACKING_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    fulfillment_id: str
    order_id: str
    state: FulfillmentState
    lines: _containers.RepeatedCompositeFieldContainer[FulfillmentLine]
    line_count: int
    location_id: str
    tracking: Tracking
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    effective_time: _timestamp_pb2.Timestamp
    delivery_time: _timestamp_pb2.Timestamp
    actor: _actor_pb2.Actor
    etag: str
    def __init__(self, fulfillment_id: _Optional[str] = ..., order_id: _Optional[str] = ..., state: _Optional[_Union[FulfillmentState, str]] = ..., lines: _Optional[_Iterable[_Union[FulfillmentLine, _Mapping]]] = ..., line_count: _Optional[int] = ..., location_id: _Optional[str] = ..., tracking: _Optional[_Union[Tracking, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delivery_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class FulfillmentLine(_message.Message):
    __slots__ = ("line_number", "quantity")
    LINE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    line_number: int
    quantity: int
    def __init__(self, line_number: _Optional[int] = ..., quantity: _Optional[int] = ...) -> None: ...

class Tracking(_message.Message):
    __slots__ = ("carrier", "tracking_number", "tracking_uri")
    CARRIER_FIELD_NUMBER: _ClassVar[int]
    TRACKING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    TRACKING_URI_FIELD_NUMBER: _ClassVar[int]
    carrier: str
    tracking_number: str
    tracking_uri: str
    def __init__(self, carrier: _Optional[str] = ..., tracking_number: _Optional[str] = ..., tracking_uri: _Optional[str] = ...) -> None: ...

class OrderAdjustment(_message.Message):
    __slots__ = ("type", "source_id", "title", "amount", "shares")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    type: OrderAdjustmentType
    source_id: str
    title: str
    amount: _money_pb2.Money
    shares: _containers.RepeatedCompositeFieldContainer[OrderAdjustmentShare]
    def __init__(self, type: _Optional[_Union[OrderAdjustmentType, str]] = ..., source_id: _Optional[str] = ..., title: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., shares: _Optional[_Iterable[_Union[OrderAdjustmentShare, _Mapping]]] = ...) -> None: ...

class OrderAdjustmentShare(_message.Message):
    __slots__ = ("line_number", "amount")
    LINE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    line_number: int
    amount: _money_pb2.Money
    def __init__(self, line_number: _Optional[int] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class OrderPayment(_message.Message):
    __slots__ = ("payment_id", "status", "amount", "decline", "captured", "refunded")
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    DECLINE_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_FIELD_NUMBER: _ClassVar[int]
    payment_id: str
    status: PaymentStatus
    amount: _money_pb2.Money
    decline: _payment_pb2.DeclineCode
    captured: _money_pb2.Money
    refunded: _money_pb2.Money
    def __init__(self, payment_id: _Optional[str] = ..., status: _Optional[_Union[PaymentStatus, str]] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., decline: _Optional[_Union[_payment_pb2.DeclineCode, str]] = ..., captured: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., refunded: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class OrderPaymentAction(_message.Message):
    __slots__ = ("redirect_uri", "expire_time")
    REDIRECT_URI_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    redirect_uri: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, redirect_uri: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Refund(_message.Message):
    __slots__ = ("refund_id", "state", "amount", "lines", "create_time", "effective_time", "line_count", "reason", "note", "shipping_amount", "actor", "tax_amount")
    REFUND_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    LINE_COUNT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    SHIPPING_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TAX_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    refund_id: str
    state: RefundState
    amount: _money_pb2.Money
    lines: _containers.RepeatedCompositeFieldContainer[RefundLine]
    create_time: _timestamp_pb2.Timestamp
    effective_time: _timestamp_pb2.Timestamp
    line_count: int
    reason: RefundReason
    note: str
    shipping_amount: _money_pb2.Money
    actor: _actor_pb2.Actor
    tax_amount: _money_pb2.Money
    def __init__(self, refund_id: _Optional[str] = ..., state: _Optional[_Union[RefundState, str]] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., lines: _Optional[_Iterable[_Union[RefundLine, _Mapping]]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., line_count: _Optional[int] = ..., reason: _Optional[_Union[RefundReason, str]] = ..., note: _Optional[str] = ..., shipping_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ..., tax_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class RefundLine(_message.Message):
    __slots__ = ("line_number", "quantity", "amount", "restock", "tax_amount")
    LINE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    RESTOCK_FIELD_NUMBER: _ClassVar[int]
    TAX_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    line_number: int
    quantity: int
    amount: _money_pb2.Money
    restock: RestockPolicy
    tax_amount: _money_pb2.Money
    def __init__(self, line_number: _Optional[int] = ..., quantity: _Optional[int] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., restock: _Optional[_Union[RestockPolicy, str]] = ..., tax_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class OrderChange(_message.Message):
    __slots__ = ("version", "kind", "state", "payment_status", "fulfillment_status", "previous_state", "previous_payment_status", "previous_fulfillment_status", "refunded_total", "cause", "actor", "cancel_reason", "note", "change_time", "canceled_total", "captured_total", "fulfillment_id", "updated_fields")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_STATUS_FIELD_NUMBER: _ClassVar[int]
    FULFILLMENT_STATUS_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_STATE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_PAYMENT_STATUS_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FULFILLMENT_STATUS_FIELD_NUMBER: _ClassVar[int]
    REFUNDED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REASON_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    CANCELED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    FULFILLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    UPDATED_FIELDS_FIELD_NUMBER: _ClassVar[int]
    version: int
    kind: OrderChangeKind
    state: OrderState
    payment_status: PaymentStatus
    fulfillment_status: FulfillmentStatus
    previous_state: OrderState
    previous_payment_status: PaymentStatus
    previous_fulfillment_status: FulfillmentStatus
    refunded_total: _money_pb2.Money
    cause: OrderChangeCause
    actor: _actor_pb2.Actor
    cancel_reason: CancelReason
    note: str
    change_time: _timestamp_pb2.Timestamp
    canceled_total: _money_pb2.Money
    captured_total: _money_pb2.Money
    fulfillment_id: str
    updated_fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, version: _Optional[int] = ..., kind: _Optional[_Union[OrderChangeKind, str]] = ..., state: _Optional[_Union[OrderState, str]] = ..., payment_status: _Optional[_Union[PaymentStatus, str]] = ..., fulfillment_status: _Optional[_Union[FulfillmentStatus, str]] = ..., previous_state: _Optional[_Union[OrderState, str]] = ..., previous_payment_status: _Optional[_Union[PaymentStatus, str]] = ..., previous_fulfillment_status: _Optional[_Union[FulfillmentStatus, str]] = ..., refunded_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., cause: _Optional[_Union[OrderChangeCause, str]] = ..., actor: _Optional[_Union[_actor_pb2.Actor, _Mapping]] = ..., cancel_reason: _Optional[_Union[CancelReason, str]] = ..., note: _Optional[str] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., canceled_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., captured_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., fulfillment_id: _Optional[str] = ..., updated_fields: _Optional[_Iterable[str]] = ...) -> None: ...
