"""RecordEntry: records an entry of the caller, once per request id, and publishes it."""

from __future__ import annotations

import time

from souk.{{package}}.v1 import {{package}}_service_pb2 as pb
from souk_chassis import Context, Store, Tx, new_id

from {{package}} import convert, entry, events, store
from {{package}}.entry import Entry

METHOD = "/souk.{{package}}.v1.{{Name}}Service/RecordEntry"


async def handle(database: Store, most_per_user: int, request: pb.RecordEntryRequest) -> pb.RecordEntryResponse:
    """Who calls, what they request, what the rules say, what is written, what is returned."""
    caller = Context.current().caller
    asked = Entry(new_id("entry"), caller.id, request.text, time.time_ns() // 1000)

    def write(tx: Tx) -> pb.RecordEntryResponse:
        admitted = entry.record(asked, store.count(tx, asked.user_id), most_per_user)
        store.insert(tx, admitted)
        events.entry_recorded(tx, admitted)
        return pb.RecordEntryResponse(entry=convert.to_proto(admitted))

    return await database.write_once(caller, METHOD, request.request_id, request, write)
