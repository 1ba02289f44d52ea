"""ListRecentEntries: the caller's own entries, the newest first."""

from __future__ import annotations

from souk.{{package}}.v1 import {{package}}_service_pb2 as pb
from souk_chassis import Context, Store

from {{package}} import convert, store


async def handle(database: Store, request: pb.ListRecentEntriesRequest) -> pb.ListRecentEntriesResponse:
    """Reads one state of the database."""
    user_id, most = Context.current().caller.id, convert.most_listed(request.max_entries)

    entries = await database.read(lambda reader: store.recent(reader, user_id, most))

    return pb.ListRecentEntriesResponse(entries=[convert.to_proto(entry) for entry in entries])
