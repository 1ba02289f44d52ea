"""RecordEntry: records an entry of a customer, once per request id, and publishes it."""

from __future__ import annotations

import time

from souk.{{package}}.v1 import {{package}}_service_pb2 as pb
from souk_chassis import Context, Store, Tx, new_id

from {{package}} import convert, entry, events, store
from {{package}}.entry import Entry

METHOD = "/souk.{{package}}.v1.{{Name}}Service/RecordEntry"


async def handle(database: Store, most_per_customer: int, request: pb.RecordEntryRequest) -> pb.RecordEntryResponse:
    """What they request, what the rules say, what is written, what is returned.

    The chassis has written the customer of the caller into the request.
    """
    asked = Entry(new_id("entry"), request.customer_id, request.text, time.time_ns() // 1000)

    def write(tx: Tx) -> pb.RecordEntryResponse:
        admitted = entry.record(asked, store.count(tx, asked.customer_id), most_per_customer)
        store.insert(tx, admitted)
        events.entry_recorded(tx, admitted)
        return pb.RecordEntryResponse(entry=convert.to_proto(admitted))

    return await database.write_once(Context.current().caller, METHOD, request.request_id, request, write)
