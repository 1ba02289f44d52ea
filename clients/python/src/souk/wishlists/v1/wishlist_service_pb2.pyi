import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from souk.policy.v1 import field_pb2 as _field_pb2
from souk.policy.v1 import policy_pb2 as _policy_pb2
from souk.wishlists.v1 import wishlist_pb2 as _wishlist_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateWishlistRequest(_message.Message):
    __slots__ = ("request_id", "wishlist")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    WISHLIST_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    wishlist: _wishlist_pb2.Wishlist
    def __init__(self, request_id: _Optional[str] = ..., wishlist: _Optional[_Union[_wishlist_pb2.Wishlist, _Mapping]] = ...) -> None: ...

class CreateWishlistResponse(_message.Message):
    __slots__ = ("wishlist",)
    WISHLIST_FIELD_NUMBER: _ClassVar[int]
    wishlist: _wishlist_pb2.Wishlist
    def __init__(self, wishlist: _Optional[_Union[_wishlist_pb2.Wishlist, _Mapping]] = ...) -> None: ...

class GetWishlistRequest(_message.Message):
    __slots__ = ("wishlist_id",)
    WISHLIST_ID_FIELD_NUMBER: _ClassVar[int]
    wishlist_id: str
    def __init__(self, wishlist_id: _Optional[str] = ...) -> None: ...

class GetWishlistResponse(_message.Message):
    __slots__ = ("wishlist",)
    WISHLIST_FIELD_NUMBER: _ClassVar[int]
    wishlist: _wishlist_pb2.Wishlist
    def __init__(self, wishlist: _Optional[_Union[_wishlist_pb2.Wishlist, _Mapping]] = ...) -> None: ...

class ListWishlistsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "customer_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    customer_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., customer_id: _Optional[str] = ...) -> None: ...

class ListWishlistsResponse(_message.Message):
    __slots__ = ("wishlists", "next_page_token")
    WISHLISTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    wishlists: _containers.RepeatedCompositeFieldContainer[_wishlist_pb2.Wishlist]
    next_page_token: str
    def __init__(self, wishlists: _Optional[_Iterable[_Union[_wishlist_pb2.Wishlist, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateWishlistRequest(_message.Message):
    __slots__ = ("wishlist", "update_mask")
    WISHLIST_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    wishlist: _wishlist_pb2.Wishlist
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, wishlist: _Optional[_Union[_wishlist_pb2.Wishlist, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class UpdateWishlistResponse(_message.Message):
    __slots__ = ("wishlist",)
    WISHLIST_FIELD_NUMBER: _ClassVar[int]
    wishlist: _wishlist_pb2.Wishlist
    def __init__(self, wishlist: _Optional[_Union[_wishlist_pb2.Wishlist, _Mapping]] = ...) -> None: ...

class DeleteWishlistRequest(_message.Message):
    __slots__ = ("wishlist_id",)
    WISHLIST_ID_FIELD_NUMBER: _ClassVar[int]
    wishlist_id: str
    def __init__(self, wishlist_id: _Optional[str] = ...) -> None: ...

class DeleteWishlistResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AddWishlistItemRequest(_message.Message):
    __slots__ = ("wishlist_id", "item")
    WISHLIST_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    wishlist_id: str
    item: _wishlist_pb2.WishlistItem
    def __init__(self, wishlist_id: _Optional[str] = ..., item: _Optional[_Union[_wishlist_pb2.WishlistItem, _Mapping]] = ...) -> None: ...

class AddWishlistItemResponse(_message.Message):
    __slots__ = ("wishlist",)
    WISHLIST_FIELD_NUMBER: _ClassVar[int]
    wishlist: _wishlist_pb2.Wishlist
    def __init__(self, wishlist: _Optional[_Union[_wishlist_pb2.Wishlist, _Mapping]] = ...) -> None: ...

class RemoveWishlistItemRequest(_message.Message):
    __slots__ = ("wishlist_id", "sku")
    WISHLIST_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    wishlist_id: str
    sku: str
    def __init__(self, wishlist_id: _Optional[str] = ..., sku: _Optional[str] = ...) -> None: ...

class RemoveWishlistItemResponse(_message.Message):
    __slots__ = ("wishlist",)
    WISHLIST_FIELD_NUMBER: _ClassVar[int]
    wishlist: _wishlist_pb2.Wishlist
    def __init__(self, wishlist: _Optional[_Union[_wishlist_pb2.Wishlist, _Mapping]] = ...) -> None: ...

class CreateWishlistLinkRequest(_message.Message):
    __slots__ = ("wishlist_id", "ttl")
    WISHLIST_ID_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    wishlist_id: str
    ttl: _duration_pb2.Duration
    def __init__(self, wishlist_id: _Optional[str] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class CreateWishlistLinkResponse(_message.Message):
    __slots__ = ("link_token", "expire_time")
    LINK_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    link_token: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, link_token: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetLinkedWishlistRequest(_message.Message):
    __slots__ = ("link_token",)
    LINK_TOKEN_FIELD_NUMBER: _ClassVar[int]
    link_token: str
    def __init__(self, link_token: _Optional[str] = ...) -> None: ...

class GetLinkedWishlistResponse(_message.Message):
    __slots__ = ("wishlist",)
    WISHLIST_FIELD_NUMBER: _ClassVar[int]
    wishlist: _wishlist_pb2.Wishlist
    def __init__(self, wishlist: _Optional[_Union[_wishlist_pb2.Wishlist, _Mapping]] = ...) -> None: ...
