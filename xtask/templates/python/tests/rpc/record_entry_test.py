"""RecordEntry: success, repeat, each error, and the published event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import grpc
from souk.{{package}}.v1.events_pb2 import EntryRecorded
from souk_chassis.testing import refused
from souk_client import customer_of

from support import Running

Start = Callable[..., Awaitable[Running]]
ALICE = customer_of("user:alice")


async def an_entry_is_kept_across_a_restart(start: Start) -> None:
    first = await start()
    recorded = (await first.record("r1", "hello")).entry
    assert recorded.entry_id.startswith("entry_") and (recorded.customer_id, recorded.text) == (ALICE, "hello")
    await first.stop()
    assert await (await start()).recent() == ["hello"]


async def recording_twice_with_one_request_id_gives_one_entry(service: Running) -> None:
    first = await service.record("r1", "hello")
    assert await service.record("r1", "hello") == first
    assert await service.recent() == ["hello"]
    refusal = await refused(service.record("r1", "goodbye"))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ERROR_REASON_REQUEST_ID_REUSED")


async def a_customer_has_no_more_entries_than_the_settings_allow(start: Start) -> None:
    service = await start(entries__most_per_customer=1)
    await service.record("r1", "hello")
    refusal = await refused(service.record("r2", "again"))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ERROR_REASON_TOO_MANY_ENTRIES")
    assert (refusal.domain, refusal.metadata) == ("souk.{{package}}", {"most": "1"})
    await service.record("r1", "of another", who="user:bob")


async def nobody_records_an_entry_of_another_customer(service: Running) -> None:
    refusal = await refused(service.record("r1", "hello", customer=customer_of("user:bob")))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "ERROR_REASON_OTHER_CUSTOMER")
    recorded = await service.record("r1", "hello", who="guest:x", customer="me")
    assert recorded.entry.customer_id == customer_of("guest:x")


async def an_entry_without_a_text_is_refused(service: Running) -> None:
    refusal = await refused(service.record("r1", ""))
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT and list(refusal.fields) == ["text"]


async def each_entry_is_published_once_and_in_order(service: Running) -> None:
    for number in range(3):
        await service.record(f"r{number}", f"text {number}")
    published = await service.bus.told(3)
    assert [EntryRecorded.FromString(event.data).entry.text for event in published] == ["text 0", "text 1", "text 2"]
    assert {event.ordering_key for event in published} == {ALICE}
