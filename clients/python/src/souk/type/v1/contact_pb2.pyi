from buf.validate import validate_pb2 as _validate_pb2
from souk.policy.v1 import field_pb2 as _field_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Contact(_message.Message):
    __slots__ = ("email_address", "phone_number", "name")
    EMAIL_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PHONE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    email_address: str
    phone_number: str
    name: str
    def __init__(self, email_address: _Optional[str] = ..., phone_number: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...
