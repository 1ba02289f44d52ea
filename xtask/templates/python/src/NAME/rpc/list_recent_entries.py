"""ListRecentEntries: the entries of a customer, the newest first."""

from __future__ import annotations

from souk.{{package}}.v1 import {{package}}_service_pb2 as pb
from souk_chassis import Store

from {{package}} import convert, store


async def handle(database: Store, request: pb.ListRecentEntriesRequest) -> pb.ListRecentEntriesResponse:
    """Reads one state of the database. The chassis has written the customer of the caller into the request."""
    customer_id, most = request.customer_id, convert.most_listed(request.max_entries)

    entries = await database.read(lambda reader: store.recent(reader, customer_id, most))

    return pb.ListRecentEntriesResponse(entries=[convert.to_proto(entry) for entry in entries])
