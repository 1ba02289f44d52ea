"""Counts the items of a request's lists while it is still bytes.

A few bytes on the wire become many in memory, so a list that is too long is refused before anything of it is decoded.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from dataclasses import field as default

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from souk_chassis.bounds import is_list, is_map, most_items

UNCOUNTED_BYTES = 1024
"""Shorter messages are not counted before they are decoded: what they become is small, and the validator counts again."""
_MAX_DEPTH = 100
_VARINT, _FIXED64, _DELIMITED, _START, _END, _FIXED32 = range(6)
_PACKED = {
    FieldDescriptor.TYPE_FIXED32: 4, FieldDescriptor.TYPE_SFIXED32: 4, FieldDescriptor.TYPE_FLOAT: 4,
    FieldDescriptor.TYPE_FIXED64: 8, FieldDescriptor.TYPE_SFIXED64: 8, FieldDescriptor.TYPE_DOUBLE: 8,
}  # fmt: skip
_NEVER_PACKED = (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_MESSAGE)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A field that is counted, or that holds something that is. `most` is none for what occurs once.

    `packed` are the bytes of an item when many stand together: 0 for integers of variable length, none for what has a tag each.
    """

    name: str
    most: float | None
    description: str
    packed: int | None
    inner: Shape | None


Shape = dict[int, _Counted]


@dataclass(slots=True)
class _Tally:
    """The counters of one message. One that comes in several pieces is merged by the decoder, so its counters are kept."""

    counts: Counter[int] = default(default_factory=Counter)
    once: dict[int, _Tally] = default(default_factory=dict)


class _Malformed(Exception):
    """These bytes are no message from here on; decoding them fails there."""


def shape_of(message: Descriptor, within: tuple[Descriptor, ...] = ()) -> Shape | None:
    """Returns what is counted in a message; none when nothing is. What holds itself is counted once, and no further in."""
    if message in within:
        return None
    shape: Shape = {}
    for field in message.fields:
        inner = shape_of(field.message_type, (*within, message)) if field.message_type is not None else None
        if not is_list(field):
            if inner is not None:
                shape[field.number] = _Counted(field.name, None, "", None, inner)
            continue
        most = most_items(field)
        # The words of the validator, which would say the same after decoding.
        entries = f"map must be at most {most:.0f} entries"
        description = entries if is_map(field) else f"must contain no more than {most:.0f} item(s)"
        packed = None if field.type in _NEVER_PACKED else _PACKED.get(field.type, 0)
        shape[field.number] = _Counted(field.name, most, description, packed, inner)
    return shape or None


def too_many(data: bytes, shape: Shape | None, uncounted: int = UNCOUNTED_BYTES) -> tuple[str, str] | None:
    """Returns the path of the one list that is too long, from the first item too many, and what must be so."""
    if shape is None or len(data) < uncounted:
        return None
    try:
        return _scan(data, 0, len(data), shape, "", _Tally(), 0)
    except _Malformed:
        return None


def _scan(data: bytes, at: int, end: int, shape: Shape, path: str, tally: _Tally, depth: int) -> tuple[str, str] | None:
    if depth > _MAX_DEPTH:
        raise _Malformed
    while at < end:
        tag, at = _varint(data, at, end)
        number, wire = tag >> 3, tag & 7
        start, at = _skip(data, at, end, number, wire)
        field = shape.get(number)
        if field is None:
            continue
        where = f"{path}.{field.name}" if path else field.name
        inside = tally
        if field.most is None:
            inside = tally.once.setdefault(number, _Tally())
        else:
            before = tally.counts[number]
            is_packed = wire == _DELIMITED and field.packed is not None
            tally.counts[number] += _packed_items(data, start, at, field.packed or 0) if is_packed else 1
            if tally.counts[number] > field.most:
                return where, field.description
            if field.inner is not None:
                where, inside = f"{where}[{before}]", _Tally()
        if wire == _DELIMITED and field.inner is not None:
            found = _scan(data, start, at, field.inner, where, inside, depth + 1)
            if found is not None:
                return found
    return None


def _skip(data: bytes, at: int, end: int, number: int, wire: int) -> tuple[int, int]:
    """Returns where the content of a field begins and ends."""
    if wire == _VARINT:
        return at, _varint(data, at, end)[1]
    if wire == _DELIMITED:
        length, at = _varint(data, at, end)
        after = at + length
    elif wire in (_FIXED32, _FIXED64):
        after = at + (4 if wire == _FIXED32 else 8)
    elif wire == _START:
        return at, _skip_group(data, at, end, number)
    else:
        raise _Malformed
    if after > end:
        raise _Malformed
    return at, after


def _skip_group(data: bytes, at: int, end: int, number: int) -> int:
    open_groups = [number]
    while open_groups:
        tag, at = _varint(data, at, end)
        if tag & 7 == _START:
            open_groups.append(tag >> 3)
        elif tag & 7 == _END:
            if open_groups.pop() != tag >> 3:
                raise _Malformed
        else:
            at = _skip(data, at, end, tag >> 3, tag & 7)[1]
        if len(open_groups) > _MAX_DEPTH:
            raise _Malformed
    return at


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise _Malformed


def _packed_items(data: bytes, start: int, end: int, size: int) -> int:
    # The last byte of an integer is the one without the highest bit.
    return (end - start) // size if size else sum(byte < 0x80 for byte in data[start:end])
