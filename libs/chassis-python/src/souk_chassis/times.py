"""Times from outside: what a calendar has, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from souk_chassis.bounds import is_list, is_map

# 0001-01-01T00:00:00Z and the second after 9999-12-31T23:59:59Z.
_FIRST_SECOND = -62_135_596_800
_END_SECOND = 253_402_300_800
# Ten thousand years.
_LONGEST_SECONDS = 315_576_000_000
_MOST_NANOS = 999_999_999
_TIMESTAMP = "google.protobuf.Timestamp"
_DURATION = "google.protobuf.Duration"
_TIMESTAMP_RULE = "must lie in the years 1 to 9999, with nanoseconds from 0 to 999,999,999"
_DURATION_RULE = "must lie within 315,576,000,000 s, with nanoseconds up to 999,999,999 and of the same sign as the seconds"


def impossible_times(message: Message, most: int) -> list[tuple[str, str]]:
    """Returns the invalid times and durations in a message, up to a limit: their paths and what is required."""
    return list(islice(_find(message, ""), most)) if _holds_times(message.DESCRIPTOR) else []


def _find(message: Message, path: str) -> Iterator[tuple[str, str]]:
    rule = _broken_rule(message)
    if rule is not None:
        yield path, rule
    for field in _fields_with_times(message.DESCRIPTOR):
        where = f"{path}.{field.name}" if path else field.name
        for key, value in _values(message, field):
            yield from _find(value, where + key)


def _values(message: Message, field: FieldDescriptor) -> Iterable[tuple[str, Message]]:
    value = getattr(message, field.name)
    if is_map(field):
        return ((f"[{json.dumps(key, ensure_ascii=False)}]", value[key]) for key in value)
    if is_list(field):
        return ((f"[{index}]", item) for index, item in enumerate(value))
    return [("", value)] if message.HasField(field.name) else []


def _broken_rule(message: Message) -> str | None:
    name = message.DESCRIPTOR.full_name
    if name == _TIMESTAMP:
        seconds, nanos = message.seconds, message.nanos  # type: ignore[attr-defined]
        is_possible = _FIRST_SECOND <= seconds < _END_SECOND and 0 <= nanos <= _MOST_NANOS
        return None if is_possible else _TIMESTAMP_RULE
    if name == _DURATION:
        seconds, nanos = message.seconds, message.nanos  # type: ignore[attr-defined]
        is_possible = abs(seconds) <= _LONGEST_SECONDS and abs(nanos) <= _MOST_NANOS and seconds * nanos >= 0
        return None if is_possible else _DURATION_RULE
    return None


@cache
def _fields_with_times(message: Descriptor) -> tuple[FieldDescriptor, ...]:
    """Returns the fields of a message through which times are reached."""
    return tuple(field for field in message.fields if field.message_type is not None and _holds_times(field.message_type))


@cache
def _holds_times(message: Descriptor) -> bool:
    seen: set[str] = set()
    waiting = [message]
    while waiting:
        one = waiting.pop()
        if one.full_name in (_TIMESTAMP, _DURATION):
            return True
        if one.full_name not in seen:
            seen.add(one.full_name)
            waiting += [field.message_type for field in one.fields if field.message_type is not None]
    return False
