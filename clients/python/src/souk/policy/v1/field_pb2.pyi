from google.protobuf import descriptor_pb2 as _descriptor_pb2
from souk.policy.v1 import policy_pb2 as _policy_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
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
    __slots__ = ("data_class", "set_by")
    DATA_CLASS_FIELD_NUMBER: _ClassVar[int]
    SET_BY_FIELD_NUMBER: _ClassVar[int]
    data_class: DataClass
    set_by: _containers.RepeatedScalarFieldContainer[_policy_pb2.Caller]
    def __init__(self, data_class: _Optional[_Union[DataClass, str]] = ..., set_by: _Optional[_Iterable[_Union[_policy_pb2.Caller, str]]] = ...) -> None: ...
