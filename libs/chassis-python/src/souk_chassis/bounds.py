"""How large a request may be: the most bytes that the rules of its fields allow, added up as docs/service-contract.md says."""

from __future__ import annotations

import math
import re
from typing import Any

from buf.validate import validate_pb2 as rules_pb
from google.protobuf.descriptor import Descriptor, FieldDescriptor

_KIB = 1024
# What a string counts that has a short pattern and no other rule that bounds it.
_PATTERN_BYTES = 64
# What a google.protobuf.FieldMask counts: its rules bound the paths, not their number.
_FIELD_MASK_BYTES = 4 * _KIB
_UNBOUNDED = frozenset(f"google.protobuf.{name}" for name in ("Any", "Struct", "Value", "ListValue"))
_FIXED = {
    FieldDescriptor.TYPE_FIXED32: 4, FieldDescriptor.TYPE_SFIXED32: 4, FieldDescriptor.TYPE_FLOAT: 4,
    FieldDescriptor.TYPE_FIXED64: 8, FieldDescriptor.TYPE_SFIXED64: 8, FieldDescriptor.TYPE_DOUBLE: 8,
}  # fmt: skip
_FIELD: Any = rules_pb.field


def max_request_bytes(request: Descriptor) -> float:
    """Returns the largest request of a method, with a margin for newer callers; infinite when a field has no bound."""
    size = _message(request, ())
    if size == math.inf:
        return size
    return math.ceil((size + max(size / 4, _KIB)) / _KIB) * _KIB


def rules_of(field: FieldDescriptor) -> Any:
    """Returns the rules of a field; empty ones when it has none."""
    return field.GetOptions().Extensions[_FIELD]


def is_list(field: FieldDescriptor) -> bool:
    """Returns whether a field may occur more than once; a map may."""
    return bool(field.is_repeated)


def is_map(field: FieldDescriptor) -> bool:
    """Returns whether a field is a map."""
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def most_items(field: FieldDescriptor) -> float:
    """Returns how many items a list, or entries a map, may have; infinite when the rules say nothing."""
    rules = rules_of(field)
    return _rule(rules.map, "max_pairs") if is_map(field) else _rule(rules.repeated, "max_items")


def _message(message: Descriptor, within: tuple[Descriptor, ...]) -> float:
    """The most bytes of a message, without its own tag and length; `within` are the messages around it."""
    inside = (*within, message)
    size = sum(_field(field, inside) for field in message.fields if not _is_choice(field))
    for oneof in message.oneofs:
        size += max((_field(field, inside) for field in oneof.fields if _is_choice(field)), default=0)
    return size


def _is_choice(field: FieldDescriptor) -> bool:
    """A field with explicit presence is in a synthetic oneof, which is not in the contract."""
    oneof = field.containing_oneof
    return oneof is not None and not (len(oneof.fields) == 1 and oneof.name == f"_{field.name}")


def _field(field: FieldDescriptor, within: tuple[Descriptor, ...]) -> float:
    """The most bytes of a field, its tags included, however often it may occur."""
    rules, tag = rules_of(field), _varint(field.number << 3)
    if is_map(field):
        assert field.message_type is not None
        entry = field.message_type.fields_by_name
        key, value = entry["key"], entry["value"]
        size = 1 + _value(key, rules.map.keys, within) + 1 + _value(value, rules.map.values, within)
        return _times(most_items(field), tag + _delimited(size))
    if is_list(field):
        return _times(most_items(field), tag + _value(field, rules.repeated.items, within))
    return tag + _value(field, rules, within)


def _value(field: FieldDescriptor, rules: Any, within: tuple[Descriptor, ...]) -> float:
    """The most bytes of one value, its length included."""
    if field.type in _FIXED:
        return _FIXED[field.type]
    if field.type == FieldDescriptor.TYPE_STRING:
        return _delimited(_string(rules.string))
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _delimited(min(_rule(rules.bytes, "len"), _rule(rules.bytes, "max_len")))
    message = field.message_type
    if message is None:
        return 10
    if message.full_name == "google.protobuf.FieldMask":
        return _delimited(_FIELD_MASK_BYTES)
    # What holds itself has no largest value.
    if message.full_name in _UNBOUNDED or message in within:
        return math.inf
    return _delimited(_message(message, within))


def _string(rules: Any) -> float:
    """The most bytes of a string with these rules: the least that any of them allows."""
    least = min(
        4 * _rule(rules, "len"),
        4 * _rule(rules, "max_len"),
        _rule(rules, "len_bytes"),
        _rule(rules, "max_bytes"),
        len(getattr(rules, "const").encode()) if rules.HasField("const") else math.inf,  # noqa: B009
        max((len(text.encode()) for text in getattr(rules, "in")), default=math.inf),
        254 if rules.email else math.inf,
        36 if rules.uuid else math.inf,
    )
    is_short = least == math.inf and rules.HasField("pattern") and _is_short(rules.pattern)
    return _PATTERN_BYTES if is_short else least


def _is_short(pattern: str) -> bool:
    """Whether a pattern holds the whole text and repeats nothing without a small end. souk-codegen checks our own exactly."""
    ends = [end if comma else start for start, comma, end in re.findall(r"\{([0-9]+)(,?)([0-9]*)\}", pattern)]
    is_open = re.search(r"(?<!\\)[*+]", re.sub(r"\[[^\]]*\]", "", pattern)) is not None
    is_whole = pattern.startswith("^") and pattern.endswith("$")
    return is_whole and not is_open and all(end and int(end) <= _PATTERN_BYTES for end in ends)


def _rule(rules: Any, name: str) -> float:
    return float(getattr(rules, name)) if rules.HasField(name) else math.inf


def _times(count: float, size: float) -> float:
    return count * size if count else 0


def _delimited(size: float) -> float:
    return size if size == math.inf else size + _varint(int(size))


def _varint(number: int) -> int:
    return max(1, -(-number.bit_length() // 7))
