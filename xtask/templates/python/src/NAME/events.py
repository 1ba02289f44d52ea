"""What is told to others, in the write of its change."""

from __future__ import annotations

from souk.{{package}}.v1.events_pb2 import EntryRecorded
from souk_chassis import Tx

from {{package}} import convert
from {{package}}.entry import Entry


def entry_recorded(tx: Tx, entry: Entry) -> None:
    """Tells that an entry was written down."""
    tx.publish(EntryRecorded(entry=convert.to_proto(entry)), key=entry.user_id)
