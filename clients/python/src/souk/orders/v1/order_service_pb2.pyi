import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.orders.v1 import order_pb2 as _order_pb2
from souk.policy.v1 import field_pb2 as _field_pb2
from souk.policy.v1 import policy_pb2 as _policy_pb2
from souk.type.v1 import address_pb2 as _address_pb2
from souk.type.v1 import contact_pb2 as _contact_pb2
from souk.type.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PlaceOrderLine(_message.Message):
    __slots__ = ("sku", "price_id", "quantity")
    SKU_FIELD_NUMBER: _ClassVar[int]
    PRICE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    sku: str
    price_id: str
    quantity: int
    def __init__(self, sku: _Optional[str] = ..., price_id: _Optional[str] = ..., quantity: _Optional[int] = ...) -> None: ...

class PlaceOrderRequest(_message.Message):
    __slots__ = ("request_id", "customer_id", "reference", "currency_code", "lines", "payment_method", "expected_total", "effective_time", "channel", "locale", "contact", "shipping_address", "billing_address", "customer_note", "metadata", "return_url", "capture_method", "partial_payments")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_CODE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_METHOD_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    SHIPPING_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    BILLING_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_NOTE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    RETURN_URL_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_METHOD_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_PAYMENTS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    customer_id: str
    reference: str
    currency_code: str
    lines: _containers.RepeatedCompositeFieldContainer[PlaceOrderLine]
    payment_method: str
    expected_total: _money_pb2.Money
    effective_time: _timestamp_pb2.Timestamp
    channel: str
    locale: str
    contact: _contact_pb2.Contact
    shipping_address: _address_pb2.Address
    billing_address: _address_pb2.Address
    customer_note: str
    metadata: _containers.ScalarMap[str, str]
    return_url: str
    capture_method: _order_pb2.CaptureMethod
    partial_payments: _containers.RepeatedCompositeFieldContainer[PartialPayment]
    def __init__(self, request_id: _Optional[str] = ..., customer_id: _Optional[str] = ..., reference: _Optional[str] = ..., currency_code: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[PlaceOrderLine, _Mapping]]] = ..., payment_method: _Optional[str] = ..., expected_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., channel: _Optional[str] = ..., locale: _Optional[str] = ..., contact: _Optional[_Union[_contact_pb2.Contact, _Mapping]] = ..., shipping_address: _Optional[_Union[_address_pb2.Address, _Mapping]] = ..., billing_address: _Optional[_Union[_address_pb2.Address, _Mapping]] = ..., customer_note: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., return_url: _Optional[str] = ..., capture_method: _Optional[_Union[_order_pb2.CaptureMethod, str]] = ..., partial_payments: _Optional[_Iterable[_Union[PartialPayment, _Mapping]]] = ...) -> None: ...

class PartialPayment(_message.Message):
    __slots__ = ("payment_method", "amount")
    PAYMENT_METHOD_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    payment_method: str
    amount: _money_pb2.Money
    def __init__(self, payment_method: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class PlaceOrderResponse(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ...) -> None: ...

class RetryPaymentRequest(_message.Message):
    __slots__ = ("order_id", "payment_method", "return_url")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_METHOD_FIELD_NUMBER: _ClassVar[int]
    RETURN_URL_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    payment_method: str
    return_url: str
    def __init__(self, order_id: _Optional[str] = ..., payment_method: _Optional[str] = ..., return_url: _Optional[str] = ...) -> None: ...

class RetryPaymentResponse(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ...) -> None: ...

class GetOrderRequest(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    def __init__(self, order_id: _Optional[str] = ...) -> None: ...

class GetOrderResponse(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ...) -> None: ...

class ClaimGuestOrdersRequest(_message.Message):
    __slots__ = ("customer_id", "guest_token")
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    GUEST_TOKEN_FIELD_NUMBER: _ClassVar[int]
    customer_id: str
    guest_token: str
    def __init__(self, customer_id: _Optional[str] = ..., guest_token: _Optional[str] = ...) -> None: ...

class ClaimGuestOrdersResponse(_message.Message):
    __slots__ = ("order_count",)
    ORDER_COUNT_FIELD_NUMBER: _ClassVar[int]
    order_count: int
    def __init__(self, order_count: _Optional[int] = ...) -> None: ...

class CreateOrderLinkRequest(_message.Message):
    __slots__ = ("order_id", "ttl")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    ttl: _duration_pb2.Duration
    def __init__(self, order_id: _Optional[str] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class CreateOrderLinkResponse(_message.Message):
    __slots__ = ("link_token", "expire_time")
    LINK_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    link_token: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, link_token: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetLinkedOrderRequest(_message.Message):
    __slots__ = ("link_token",)
    LINK_TOKEN_FIELD_NUMBER: _ClassVar[int]
    link_token: str
    def __init__(self, link_token: _Optional[str] = ...) -> None: ...

class GetLinkedOrderResponse(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ...) -> None: ...

class ListOrdersRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "customer_id", "states", "payment_statuses", "fulfillment_statuses", "create_time_after", "create_time_before", "reference", "order_number", "channel", "order_by", "sku")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_STATUSES_FIELD_NUMBER: _ClassVar[int]
    FULFILLMENT_STATUSES_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_AFTER_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_BEFORE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    ORDER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    customer_id: str
    states: _containers.RepeatedScalarFieldContainer[_order_pb2.OrderState]
    payment_statuses: _containers.RepeatedScalarFieldContainer[_order_pb2.PaymentStatus]
    fulfillment_statuses: _containers.RepeatedScalarFieldContainer[_order_pb2.FulfillmentStatus]
    create_time_after: _timestamp_pb2.Timestamp
    create_time_before: _timestamp_pb2.Timestamp
    reference: str
    order_number: str
    channel: str
    order_by: str
    sku: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., customer_id: _Optional[str] = ..., states: _Optional[_Iterable[_Union[_order_pb2.OrderState, str]]] = ..., payment_statuses: _Optional[_Iterable[_Union[_order_pb2.PaymentStatus, str]]] = ..., fulfillment_statuses: _Optional[_Iterable[_Union[_order_pb2.FulfillmentStatus, str]]] = ..., create_time_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reference: _Optional[str] = ..., order_number: _Optional[str] = ..., channel: _Optional[str] = ..., order_by: _Optional[str] = ..., sku: _Optional[str] = ...) -> None: ...

class ListOrdersResponse(_message.Message):
    __slots__ = ("orders", "next_page_token")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[_order_pb2.Order]
    next_page_token: str
    def __init__(self, orders: _Optional[_Iterable[_Union[_order_pb2.Order, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateOrderRequest(_message.Message):
    __slots__ = ("order", "update_mask")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    order: OrderUpdate
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, order: _Optional[_Union[OrderUpdate, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class OrderUpdate(_message.Message):
    __slots__ = ("order_id", "contact", "shipping_address", "billing_address", "customer_note", "reference", "metadata", "etag")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    SHIPPING_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    BILLING_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_NOTE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    contact: _contact_pb2.Contact
    shipping_address: _address_pb2.Address
    billing_address: _address_pb2.Address
    customer_note: str
    reference: str
    metadata: _containers.ScalarMap[str, str]
    etag: str
    def __init__(self, order_id: _Optional[str] = ..., contact: _Optional[_Union[_contact_pb2.Contact, _Mapping]] = ..., shipping_address: _Optional[_Union[_address_pb2.Address, _Mapping]] = ..., billing_address: _Optional[_Union[_address_pb2.Address, _Mapping]] = ..., customer_note: _Optional[str] = ..., reference: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., etag: _Optional[str] = ...) -> None: ...

class UpdateOrderResponse(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ...) -> None: ...

class ListOrderLinesRequest(_message.Message):
    __slots__ = ("order_id", "page_size", "page_token")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    page_size: int
    page_token: str
    def __init__(self, order_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListOrderLinesResponse(_message.Message):
    __slots__ = ("lines", "next_page_token")
    LINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[_order_pb2.OrderLine]
    next_page_token: str
    def __init__(self, lines: _Optional[_Iterable[_Union[_order_pb2.OrderLine, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListOrderHistoryRequest(_message.Message):
    __slots__ = ("order_id", "page_size", "page_token")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    page_size: int
    page_token: str
    def __init__(self, order_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListOrderHistoryResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[_order_pb2.OrderChange]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[_order_pb2.OrderChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CancelOrderRequest(_message.Message):
    __slots__ = ("order_id", "reason", "note", "lines", "request_id")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    reason: _order_pb2.CancelReason
    note: str
    lines: _containers.RepeatedCompositeFieldContainer[_order_pb2.FulfillmentLine]
    request_id: str
    def __init__(self, order_id: _Optional[str] = ..., reason: _Optional[_Union[_order_pb2.CancelReason, str]] = ..., note: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_order_pb2.FulfillmentLine, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CancelOrderResponse(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ...) -> None: ...

class CaptureOrderRequest(_message.Message):
    __slots__ = ("order_id", "amount", "request_id")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    amount: _money_pb2.Money
    request_id: str
    def __init__(self, order_id: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CaptureOrderResponse(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ...) -> None: ...

class CreateFulfillmentRequest(_message.Message):
    __slots__ = ("request_id", "order_id", "fulfillment", "effective_time")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    FULFILLMENT_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    order_id: str
    fulfillment: _order_pb2.Fulfillment
    effective_time: _timestamp_pb2.Timestamp
    def __init__(self, request_id: _Optional[str] = ..., order_id: _Optional[str] = ..., fulfillment: _Optional[_Union[_order_pb2.Fulfillment, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateFulfillmentResponse(_message.Message):
    __slots__ = ("order", "fulfillment")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    FULFILLMENT_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    fulfillment: _order_pb2.Fulfillment
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., fulfillment: _Optional[_Union[_order_pb2.Fulfillment, _Mapping]] = ...) -> None: ...

class GetFulfillmentRequest(_message.Message):
    __slots__ = ("fulfillment_id",)
    FULFILLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    fulfillment_id: str
    def __init__(self, fulfillment_id: _Optional[str] = ...) -> None: ...

class GetFulfillmentResponse(_message.Message):
    __slots__ = ("fulfillment",)
    FULFILLMENT_FIELD_NUMBER: _ClassVar[int]
    fulfillment: _order_pb2.Fulfillment
    def __init__(self, fulfillment: _Optional[_Union[_order_pb2.Fulfillment, _Mapping]] = ...) -> None: ...

class ListFulfillmentsRequest(_message.Message):
    __slots__ = ("order_id", "page_size", "page_token")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    page_size: int
    page_token: str
    def __init__(self, order_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListFulfillmentsResponse(_message.Message):
    __slots__ = ("fulfillments", "next_page_token")
    FULFILLMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    fulfillments: _containers.RepeatedCompositeFieldContainer[_order_pb2.Fulfillment]
    next_page_token: str
    def __init__(self, fulfillments: _Optional[_Iterable[_Union[_order_pb2.Fulfillment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateFulfillmentRequest(_message.Message):
    __slots__ = ("fulfillment", "update_mask")
    FULFILLMENT_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    fulfillment: _order_pb2.Fulfillment
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, fulfillment: _Optional[_Union[_order_pb2.Fulfillment, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class UpdateFulfillmentResponse(_message.Message):
    __slots__ = ("fulfillment",)
    FULFILLMENT_FIELD_NUMBER: _ClassVar[int]
    fulfillment: _order_pb2.Fulfillment
    def __init__(self, fulfillment: _Optional[_Union[_order_pb2.Fulfillment, _Mapping]] = ...) -> None: ...

class MarkFulfillmentDeliveredRequest(_message.Message):
    __slots__ = ("fulfillment_id", "effective_time")
    FULFILLMENT_ID_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    fulfillment_id: str
    effective_time: _timestamp_pb2.Timestamp
    def __init__(self, fulfillment_id: _Optional[str] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class MarkFulfillmentDeliveredResponse(_message.Message):
    __slots__ = ("fulfillment",)
    FULFILLMENT_FIELD_NUMBER: _ClassVar[int]
    fulfillment: _order_pb2.Fulfillment
    def __init__(self, fulfillment: _Optional[_Union[_order_pb2.Fulfillment, _Mapping]] = ...) -> None: ...

class RefundOrderRequest(_message.Message):
    __slots__ = ("order_id", "request_id", "lines", "amount", "restock", "effective_time", "reason", "note", "shipping_amount")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    RESTOCK_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    SHIPPING_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    request_id: str
    lines: _containers.RepeatedCompositeFieldContainer[_order_pb2.RefundLine]
    amount: _money_pb2.Money
    restock: _order_pb2.RestockPolicy
    effective_time: _timestamp_pb2.Timestamp
    reason: _order_pb2.RefundReason
    note: str
    shipping_amount: _money_pb2.Money
    def __init__(self, order_id: _Optional[str] = ..., request_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_order_pb2.RefundLine, _Mapping]]] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., restock: _Optional[_Union[_order_pb2.RestockPolicy, str]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[_Union[_order_pb2.RefundReason, str]] = ..., note: _Optional[str] = ..., shipping_amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class RefundOrderResponse(_message.Message):
    __slots__ = ("order", "refund")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    REFUND_FIELD_NUMBER: _ClassVar[int]
    order: _order_pb2.Order
    refund: _order_pb2.Refund
    def __init__(self, order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., refund: _Optional[_Union[_order_pb2.Refund, _Mapping]] = ...) -> None: ...

class WatchOrderRequest(_message.Message):
    __slots__ = ("order_id", "resume_token", "until_states")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNTIL_STATES_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    resume_token: str
    until_states: _containers.RepeatedScalarFieldContainer[_order_pb2.OrderState]
    def __init__(self, order_id: _Optional[str] = ..., resume_token: _Optional[str] = ..., until_states: _Optional[_Iterable[_Union[_order_pb2.OrderState, str]]] = ...) -> None: ...

class WatchOrderResponse(_message.Message):
    __slots__ = ("change", "order", "resume_token")
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    change: _order_pb2.OrderChange
    order: _order_pb2.Order
    resume_token: str
    def __init__(self, change: _Optional[_Union[_order_pb2.OrderChange, _Mapping]] = ..., order: _Optional[_Union[_order_pb2.Order, _Mapping]] = ..., resume_token: _Optional[str] = ...) -> None: ...
