"""The index: one line a method."""

from __future__ import annotations

from typing import Any

from souk.{{package}}.v1 import {{package}}_service_pb2 as pb
from souk.{{package}}.v1.{{package}}_service_pb2_grpc import {{Name}}ServiceServicer
from souk_chassis import Store

from {{package}}.rpc import list_recent_entries, record_entry


class {{Name}}Rpc({{Name}}ServiceServicer):
    """Implements souk.{{package}}.v1.{{Name}}Service."""

    def __init__(self, store: Store, most_per_customer: int) -> None:
        self._store = store
        self._most_per_customer = most_per_customer

    async def RecordEntry(self, request: pb.RecordEntryRequest, context: Any) -> pb.RecordEntryResponse:
        """Records an entry of a customer."""
        return await record_entry.handle(self._store, self._most_per_customer, request)

    async def ListRecentEntries(self, request: pb.ListRecentEntriesRequest, context: Any) -> pb.ListRecentEntriesResponse:
        """Returns the entries of a customer."""
        return await list_recent_entries.handle(self._store, request)
