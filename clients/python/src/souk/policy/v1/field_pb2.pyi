from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DataClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DATA_CLASS_UNSPECIFIED: _ClassVar[DataClass]
    DATA_CLASS_PERSONAL: _ClassVar[DataClass]
    DATA_CLASS_SECRET: _ClassVar[DataClass]
DATA_CLASS_UNSPECIFIED: DataClass
DATA_CLASS_PERSONAL: DataClass
DATA_CLASS_SECRET: DataClass
FIELD_FIELD_NUMBER: _ClassVar[int]
field: _descriptor.FieldDescriptor

class FieldPolicy(_message.Message):
    __slots__ = ("data_class",)
    DATA_CLASS_FIELD_NUMBER: _ClassVar[int]
    data_class: DataClass
    def __init__(self, data_class: _Optional[_Union[DataClass, str]] = ...) -> None: ...
