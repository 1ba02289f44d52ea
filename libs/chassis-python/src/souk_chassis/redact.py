"""Messages as logs may show them: without what the contract marks `debug_redact`."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

REDACTED = "[redacted]"


def redacted(message: Message) -> str:
    """Returns a message as one line of text, with `[redacted]` for each field that the contract marks `debug_redact`."""
    fields = (f"{field.name}: {_field(field, value)}" for field, value in message.ListFields())
    return f"{message.DESCRIPTOR.name} {{ {', '.join(fields)} }}".replace("{  }", "{}")


def _field(field: FieldDescriptor, value: Any) -> str:
    if field.GetOptions().debug_redact:
        return REDACTED
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        inner = field.message_type.fields_by_name["value"]
        return f"{{{', '.join(f'{key!r}: {_field(inner, value[key])}' for key in sorted(value))}}}"
    if field.is_repeated:
        return f"[{', '.join(_value(field, item) for item in value)}]"
    return _value(field, value)


def _value(field: FieldDescriptor, value: Any) -> str:
    if isinstance(value, Message):
        if value.DESCRIPTOR.full_name == "google.protobuf.Any":
            return f"Any {{ {value.type_url} }}"  # type: ignore[attr-defined]
        return redacted(value)
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known else str(value)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return repr(value)
