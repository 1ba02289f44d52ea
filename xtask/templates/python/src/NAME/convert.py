"""Proto to domain and back; what the contract has checked is not checked again."""

from __future__ import annotations

from souk.{{package}}.v1 import entry_pb2, events_pb2

from {{package}}.entry import MOST_LISTED, Entry


def most_listed(max_entries: int) -> int:
    """Returns how many entries to list; 0 leaves it to the service."""
    return max_entries or MOST_LISTED


def to_proto(entry: Entry) -> entry_pb2.Entry:
    """Returns the message of an entry."""
    message = entry_pb2.Entry(entry_id=entry.id, customer_id=entry.customer_id, text=entry.text)
    message.create_time.FromMicroseconds(entry.create_micros)
    return message


def to_event(entry: Entry) -> events_pb2.EntryRecorded:
    """Returns the event of an entry."""
    return events_pb2.EntryRecorded(entry=to_proto(entry))
