"""One write under way: what a closure may do."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from google.protobuf.message import Message

from souk_chassis.ids import new_id
from souk_chassis.key import key_of
from souk_chassis.private import without_private

Parameters = Sequence[Any] | Mapping[str, Any]


class Tx:
    """One write under way. It ends with its closure, which waits for nothing but its own statements."""

    def __init__(self, connection: sqlite3.Connection, traceparent: str = "") -> None:
        self._connection: sqlite3.Connection | None = connection
        self._traceparent = traceparent
        self.publishes = False

    def execute(self, sql: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        """Runs one statement. Its rows must be read within the closure."""
        return self._open().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Parameters]) -> sqlite3.Cursor:
        """Runs one statement for each row of parameters."""
        return self._open().executemany(sql, parameters)

    def publish(self, event: Message, *, time_micros: int | None = None) -> str:
        """Adds an event of the contract to the write and returns its id; the relay sends it after the commit.

        Its key is what the contract says (`souk.policy.v1.event`); events of one key are published in order. `time_micros` is
        when it happened, in microseconds since 1970; else it is now.
        """
        event_id = new_id("event")
        now = time.time_ns() // 1000 if time_micros is None else time_micros
        payload = without_private(event).SerializeToString()
        self.execute(
            "INSERT INTO souk_outbox (event_id, kind, subject, payload, traceparent, created_time) VALUES (?, ?, ?, ?, ?, ?)",
            (event_id, event.DESCRIPTOR.full_name, key_of(event), payload, self._traceparent, now),
        )
        self.publishes = True
        return event_id

    def is_first(self, consumer: str, source: str, event_id: str) -> bool:
        """Records that `consumer` handles this event now; returns false if it did so before: then do nothing."""
        cursor = self.execute(
            "INSERT INTO souk_inbox (consumer, source, event_id, created_time) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (consumer, source, event_id, time.time_ns() // 1000),
        )
        return cursor.rowcount == 1

    def close(self) -> None:
        """Ends it; done by the writer, so that a closure cannot keep it."""
        self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("this write is over: a Tx must not leave its closure")
        return self._connection
