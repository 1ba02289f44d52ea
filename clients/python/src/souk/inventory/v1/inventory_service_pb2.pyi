import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.inventory.v1 import reservation_pb2 as _reservation_pb2
from souk.inventory.v1 import stock_pb2 as _stock_pb2
from souk.policy.v1 import policy_pb2 as _policy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateLocationRequest(_message.Message):
    __slots__ = ("location",)
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    location: _stock_pb2.Location
    def __init__(self, location: _Optional[_Union[_stock_pb2.Location, _Mapping]] = ...) -> None: ...

class CreateLocationResponse(_message.Message):
    __slots__ = ("location",)
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    location: _stock_pb2.Location
    def __init__(self, location: _Optional[_Union[_stock_pb2.Location, _Mapping]] = ...) -> None: ...

class GetLocationRequest(_message.Message):
    __slots__ = ("location_id",)
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    location_id: str
    def __init__(self, location_id: _Optional[str] = ...) -> None: ...

class GetLocationResponse(_message.Message):
    __slots__ = ("location",)
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    location: _stock_pb2.Location
    def __init__(self, location: _Optional[_Union[_stock_pb2.Location, _Mapping]] = ...) -> None: ...

class ListLocationsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListLocationsResponse(_message.Message):
    __slots__ = ("locations", "next_page_token")
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    locations: _containers.RepeatedCompositeFieldContainer[_stock_pb2.Location]
    next_page_token: str
    def __init__(self, locations: _Optional[_Iterable[_Union[_stock_pb2.Location, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateLocationRequest(_message.Message):
    __slots__ = ("request_id", "location", "update_mask")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    location: _stock_pb2.Location
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, request_id: _Optional[str] = ..., location: _Optional[_Union[_stock_pb2.Location, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class UpdateLocationResponse(_message.Message):
    __slots__ = ("location",)
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    location: _stock_pb2.Location
    def __init__(self, location: _Optional[_Union[_stock_pb2.Location, _Mapping]] = ...) -> None: ...

class ReceivedItem(_message.Message):
    __slots__ = ("sku", "location_id", "quantity")
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    sku: str
    location_id: str
    quantity: int
    def __init__(self, sku: _Optional[str] = ..., location_id: _Optional[str] = ..., quantity: _Optional[int] = ...) -> None: ...

class ReceiveStockRequest(_message.Message):
    __slots__ = ("request_id", "items", "effective_time")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    items: _containers.RepeatedCompositeFieldContainer[ReceivedItem]
    effective_time: _timestamp_pb2.Timestamp
    def __init__(self, request_id: _Optional[str] = ..., items: _Optional[_Iterable[_Union[ReceivedItem, _Mapping]]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReceiveStockResponse(_message.Message):
    __slots__ = ("stock",)
    STOCK_FIELD_NUMBER: _ClassVar[int]
    stock: _containers.RepeatedCompositeFieldContainer[_stock_pb2.Stock]
    def __init__(self, stock: _Optional[_Iterable[_Union[_stock_pb2.Stock, _Mapping]]] = ...) -> None: ...

class AdjustStockRequest(_message.Message):
    __slots__ = ("request_id", "sku", "location_id", "on_hand_change", "note")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    ON_HAND_CHANGE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    sku: str
    location_id: str
    on_hand_change: int
    note: str
    def __init__(self, request_id: _Optional[str] = ..., sku: _Optional[str] = ..., location_id: _Optional[str] = ..., on_hand_change: _Optional[int] = ..., note: _Optional[str] = ...) -> None: ...

class AdjustStockResponse(_message.Message):
    __slots__ = ("stock",)
    STOCK_FIELD_NUMBER: _ClassVar[int]
    stock: _stock_pb2.Stock
    def __init__(self, stock: _Optional[_Union[_stock_pb2.Stock, _Mapping]] = ...) -> None: ...

class GetAvailabilityRequest(_message.Message):
    __slots__ = ("skus", "location_ids")
    SKUS_FIELD_NUMBER: _ClassVar[int]
    LOCATION_IDS_FIELD_NUMBER: _ClassVar[int]
    skus: _containers.RepeatedScalarFieldContainer[str]
    location_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, skus: _Optional[_Iterable[str]] = ..., location_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetAvailabilityResponse(_message.Message):
    __slots__ = ("availabilities",)
    AVAILABILITIES_FIELD_NUMBER: _ClassVar[int]
    availabilities: _containers.RepeatedCompositeFieldContainer[_stock_pb2.Availability]
    def __init__(self, availabilities: _Optional[_Iterable[_Union[_stock_pb2.Availability, _Mapping]]] = ...) -> None: ...

class BatchGetStockRequest(_message.Message):
    __slots__ = ("skus", "location_id")
    SKUS_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    skus: _containers.RepeatedScalarFieldContainer[str]
    location_id: str
    def __init__(self, skus: _Optional[_Iterable[str]] = ..., location_id: _Optional[str] = ...) -> None: ...

class BatchGetStockResponse(_message.Message):
    __slots__ = ("stock", "missing_skus")
    STOCK_FIELD_NUMBER: _ClassVar[int]
    MISSING_SKUS_FIELD_NUMBER: _ClassVar[int]
    stock: _containers.RepeatedCompositeFieldContainer[_stock_pb2.Stock]
    missing_skus: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, stock: _Optional[_Iterable[_Union[_stock_pb2.Stock, _Mapping]]] = ..., missing_skus: _Optional[_Iterable[str]] = ...) -> None: ...

class ListStockRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "sku", "location_id", "low_stock")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    LOW_STOCK_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    sku: str
    location_id: str
    low_stock: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., sku: _Optional[str] = ..., location_id: _Optional[str] = ..., low_stock: _Optional[bool] = ...) -> None: ...

class ListStockResponse(_message.Message):
    __slots__ = ("stock", "next_page_token")
    STOCK_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    stock: _containers.RepeatedCompositeFieldContainer[_stock_pb2.Stock]
    next_page_token: str
    def __init__(self, stock: _Optional[_Iterable[_Union[_stock_pb2.Stock, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetStockPolicyRequest(_message.Message):
    __slots__ = ("sku",)
    SKU_FIELD_NUMBER: _ClassVar[int]
    sku: str
    def __init__(self, sku: _Optional[str] = ...) -> None: ...

class GetStockPolicyResponse(_message.Message):
    __slots__ = ("stock_policy",)
    STOCK_POLICY_FIELD_NUMBER: _ClassVar[int]
    stock_policy: _stock_pb2.StockPolicy
    def __init__(self, stock_policy: _Optional[_Union[_stock_pb2.StockPolicy, _Mapping]] = ...) -> None: ...

class UpdateStockPolicyRequest(_message.Message):
    __slots__ = ("request_id", "stock_policy", "update_mask")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    STOCK_POLICY_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    stock_policy: _stock_pb2.StockPolicy
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, request_id: _Optional[str] = ..., stock_policy: _Optional[_Union[_stock_pb2.StockPolicy, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class UpdateStockPolicyResponse(_message.Message):
    __slots__ = ("stock_policy",)
    STOCK_POLICY_FIELD_NUMBER: _ClassVar[int]
    stock_policy: _stock_pb2.StockPolicy
    def __init__(self, stock_policy: _Optional[_Union[_stock_pb2.StockPolicy, _Mapping]] = ...) -> None: ...

class CreateReservationRequest(_message.Message):
    __slots__ = ("reservation_id", "lines", "ttl", "effective_time", "order_id")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[_reservation_pb2.ReservationLine]
    ttl: _duration_pb2.Duration
    effective_time: _timestamp_pb2.Timestamp
    order_id: str
    def __init__(self, reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_reservation_pb2.ReservationLine, _Mapping]]] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., order_id: _Optional[str] = ...) -> None: ...

class CreateReservationResponse(_message.Message):
    __slots__ = ("reservation",)
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    reservation: _reservation_pb2.Reservation
    def __init__(self, reservation: _Optional[_Union[_reservation_pb2.Reservation, _Mapping]] = ...) -> None: ...

class CommitReservationRequest(_message.Message):
    __slots__ = ("reservation_id",)
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    def __init__(self, reservation_id: _Optional[str] = ...) -> None: ...

class CommitReservationResponse(_message.Message):
    __slots__ = ("reservation",)
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    reservation: _reservation_pb2.Reservation
    def __init__(self, reservation: _Optional[_Union[_reservation_pb2.Reservation, _Mapping]] = ...) -> None: ...

class ReleaseReservationRequest(_message.Message):
    __slots__ = ("reservation_id", "repair_note", "request_id", "lines")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    REPAIR_NOTE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    repair_note: str
    request_id: str
    lines: _containers.RepeatedCompositeFieldContainer[_reservation_pb2.ReservationLine]
    def __init__(self, reservation_id: _Optional[str] = ..., repair_note: _Optional[str] = ..., request_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_reservation_pb2.ReservationLine, _Mapping]]] = ...) -> None: ...

class ReleaseReservationResponse(_message.Message):
    __slots__ = ("reservation",)
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    reservation: _reservation_pb2.Reservation
    def __init__(self, reservation: _Optional[_Union[_reservation_pb2.Reservation, _Mapping]] = ...) -> None: ...

class ConsumeReservationRequest(_message.Message):
    __slots__ = ("reservation_id", "effective_time", "request_id", "lines")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    effective_time: _timestamp_pb2.Timestamp
    request_id: str
    lines: _containers.RepeatedCompositeFieldContainer[_reservation_pb2.ReservationLine]
    def __init__(self, reservation_id: _Optional[str] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., request_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_reservation_pb2.ReservationLine, _Mapping]]] = ...) -> None: ...

class ConsumeReservationResponse(_message.Message):
    __slots__ = ("reservation",)
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    reservation: _reservation_pb2.Reservation
    def __init__(self, reservation: _Optional[_Union[_reservation_pb2.Reservation, _Mapping]] = ...) -> None: ...

class ReturnStockRequest(_message.Message):
    __slots__ = ("reservation_id", "request_id", "lines", "effective_time")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    request_id: str
    lines: _containers.RepeatedCompositeFieldContainer[_reservation_pb2.ReservationLine]
    effective_time: _timestamp_pb2.Timestamp
    def __init__(self, reservation_id: _Optional[str] = ..., request_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_reservation_pb2.ReservationLine, _Mapping]]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReturnStockResponse(_message.Message):
    __slots__ = ("reservation",)
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    reservation: _reservation_pb2.Reservation
    def __init__(self, reservation: _Optional[_Union[_reservation_pb2.Reservation, _Mapping]] = ...) -> None: ...

class GetReservationRequest(_message.Message):
    __slots__ = ("reservation_id",)
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    def __init__(self, reservation_id: _Optional[str] = ...) -> None: ...

class GetReservationResponse(_message.Message):
    __slots__ = ("reservation",)
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    reservation: _reservation_pb2.Reservation
    def __init__(self, reservation: _Optional[_Union[_reservation_pb2.Reservation, _Mapping]] = ...) -> None: ...

class ListReservationsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "states", "sku", "order_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    states: _containers.RepeatedScalarFieldContainer[_reservation_pb2.ReservationState]
    sku: str
    order_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., states: _Optional[_Iterable[_Union[_reservation_pb2.ReservationState, str]]] = ..., sku: _Optional[str] = ..., order_id: _Optional[str] = ...) -> None: ...

class ListReservationsResponse(_message.Message):
    __slots__ = ("reservations", "next_page_token")
    RESERVATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    reservations: _containers.RepeatedCompositeFieldContainer[_reservation_pb2.Reservation]
    next_page_token: str
    def __init__(self, reservations: _Optional[_Iterable[_Union[_reservation_pb2.Reservation, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListMovementsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "sku", "location_id", "kinds", "reservation_id", "create_time_after", "create_time_before", "order_by")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_AFTER_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_BEFORE_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    sku: str
    location_id: str
    kinds: _containers.RepeatedScalarFieldContainer[_stock_pb2.MovementKind]
    reservation_id: str
    create_time_after: _timestamp_pb2.Timestamp
    create_time_before: _timestamp_pb2.Timestamp
    order_by: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., sku: _Optional[str] = ..., location_id: _Optional[str] = ..., kinds: _Optional[_Iterable[_Union[_stock_pb2.MovementKind, str]]] = ..., reservation_id: _Optional[str] = ..., create_time_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., order_by: _Optional[str] = ...) -> None: ...

class ListMovementsResponse(_message.Message):
    __slots__ = ("movements", "next_page_token")
    MOVEMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    movements: _containers.RepeatedCompositeFieldContainer[_stock_pb2.Movement]
    next_page_token: str
    def __init__(self, movements: _Optional[_Iterable[_Union[_stock_pb2.Movement, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RepairStockRequest(_message.Message):
    __slots__ = ("request_id", "sku", "location_id", "note")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    sku: str
    location_id: str
    note: str
    def __init__(self, request_id: _Optional[str] = ..., sku: _Optional[str] = ..., location_id: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class RepairStockResponse(_message.Message):
    __slots__ = ("stock", "movement")
    STOCK_FIELD_NUMBER: _ClassVar[int]
    MOVEMENT_FIELD_NUMBER: _ClassVar[int]
    stock: _stock_pb2.Stock
    movement: _stock_pb2.Movement
    def __init__(self, stock: _Optional[_Union[_stock_pb2.Stock, _Mapping]] = ..., movement: _Optional[_Union[_stock_pb2.Movement, _Mapping]] = ...) -> None: ...
