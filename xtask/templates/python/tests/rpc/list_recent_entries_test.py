"""ListRecentEntries: those of a customer, the newest first."""

from __future__ import annotations

import grpc
from souk_chassis.testing import refused

from support import Running


async def the_newest_come_first_and_no_more_than_asked_for(service: Running) -> None:
    for number in range(25):
        await service.record(f"r{number}", str(number))
    assert await service.recent(max_entries=2) == ["24", "23"]
    assert len(await service.recent()) == 20


async def a_customer_sees_its_own_entries_only(service: Running) -> None:
    await service.record("r1", "of alice")
    assert await service.recent("user:bob") == []
    assert await service.recent("guest:alice") == []
    assert (await refused(service.recent("service:orders"))).code is grpc.StatusCode.PERMISSION_DENIED
