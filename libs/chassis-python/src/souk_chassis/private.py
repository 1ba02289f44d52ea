"""What no event may carry: fields whose `data_class` in the contract is PERSONAL or SECRET."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from souk.policy.v1 import field_pb2 as pb

M = TypeVar("M", bound=Message)

_OPTION: Any = pb.field
_CLASSES = (pb.DATA_CLASS_PERSONAL, pb.DATA_CLASS_SECRET)


def without_private(message: M) -> M:
    """Returns the message without its private fields; the message itself when its type has none."""
    if not _has_private(message.DESCRIPTOR):
        return message
    public = type(message)()
    public.CopyFrom(message)
    _remove(public)
    return public


def _remove(message: Message) -> None:
    for field, value in message.ListFields():
        if _is_private(field):
            message.ClearField(field.name)
        elif (inner := _message_of(field)) is None or not _has_private(inner):
            continue
        elif not field.is_repeated:
            _remove(value)
        else:
            for one in value.values() if _is_map(field) else value:
                _remove(one)


@cache
def _has_private(message: Descriptor) -> bool:
    seen = {message.full_name}
    waiting = [message]
    while waiting:
        for field in waiting.pop().fields:
            if _is_private(field):
                return True
            inner = _message_of(field)
            if inner is not None and inner.full_name not in seen:
                seen.add(inner.full_name)
                waiting.append(inner)
    return False


def _is_private(field: FieldDescriptor) -> bool:
    return field.GetOptions().Extensions[_OPTION].data_class in _CLASSES


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _message_of(field: FieldDescriptor) -> Descriptor | None:
    """Returns the message that a field holds, or that the values of a map are."""
    found = field.message_type
    return found.fields_by_name["value"].message_type if found is not None and found.GetOptions().map_entry else found
