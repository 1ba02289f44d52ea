"""The key of an event: what the field holds that the contract names in the option `souk.policy.v1.event`."""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from souk.policy.v1 import event_pb2

_OPTION: Any = event_pb2.event


def key_of(event: Message) -> str:
    """Returns the key of an event; empty, which means any order, where a message on the way to it is absent.

    Raises ValueError when the contract does not name the field.
    """
    value: Any = event
    for name in _path(event.DESCRIPTOR):
        value = getattr(value, name)
    key: str = value
    return key


@cache
def _path(message: Descriptor) -> tuple[str, ...]:
    """Returns the fields that lead to the key."""
    options = message.GetOptions()
    if not options.HasExtension(_OPTION):
        raise ValueError(f"{message.full_name} has no souk.policy.v1.event option, so it cannot be published as an event")
    policy: event_pb2.EventPolicy = options.Extensions[_OPTION]
    path = tuple(policy.key.split("."))
    on_the_way: Descriptor | None = message
    field: FieldDescriptor | None = None
    for name in path:
        field = on_the_way.fields_by_name.get(name) if on_the_way is not None else None
        on_the_way = field.message_type if field is not None and not field.is_repeated else None
    is_text = field is not None and field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated
    # A text of a oneof is not what every event has.
    if field is None or not is_text or field.containing_oneof is not None:
        raise ValueError(
            f'souk.policy.v1.event.key of {message.full_name} is "{policy.key}", which does not lead to a text of the event'
        )
    return path
