"""The store: durable writes in groups, idempotency records, migrations."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from souk.echo.v1 import echo_pb2 as pb
from souk_client import customer_of

from echo import MIGRATIONS, Echo
from souk_chassis import Migration, Store, StoreError, Tx, refusal
from souk_chassis.ids import new_id
from souk_chassis.testing import caller, refused


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store.open(tmp_path / "echo.sqlite3", MIGRATIONS)
    yield opened
    await opened.close()


def add(name: str) -> Any:
    return lambda tx: tx.execute("INSERT INTO names (name, number) VALUES (?, 1)", (name,)).rowcount


async def names(store: Store) -> list[str]:
    rows = await store.read(lambda reader: reader.execute("SELECT name FROM names ORDER BY rowid").fetchall())
    return [row[0] for row in rows]


async def a_write_is_durable_when_it_returns(store: Store) -> None:
    assert await store.write(add("one")) == 1
    with sqlite3.connect(store.path) as other:
        assert other.execute("SELECT name FROM names").fetchall() == [("one",)]
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert await store.write(lambda tx: tx.execute("PRAGMA synchronous").fetchone()[0]) == 2


async def many_writes_share_commits_and_each_is_undone_alone(store: Store) -> None:
    def fail(tx: Tx) -> None:
        add("lost")(tx)
        raise ValueError("no")

    writes = [store.write(fail if number % 3 == 0 else add(str(number))) for number in range(300)]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [isinstance(outcome, ValueError) for outcome in outcomes] == [number % 3 == 0 for number in range(300)]
    assert await names(store) == [str(number) for number in range(300) if number % 3]


async def a_write_goes_on_when_its_caller_goes_away(store: Store) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(tx: Tx) -> None:
        loop.call_soon_threadsafe(begun.set)
        time.sleep(0.05)
        add("kept")(tx)

    writing = asyncio.create_task(store.write(slow))
    await begun.wait()
    writing.cancel()
    await store.write(add("later"))
    assert await names(store) == ["kept", "later"]


async def a_tx_does_not_outlive_its_closure(store: Store) -> None:
    kept = await store.write(lambda tx: tx)
    with pytest.raises(RuntimeError, match="must not leave its closure"):
        kept.execute("SELECT 1")


async def a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await store.read(lambda reader: reader.execute("DELETE FROM names"))
    assert await store.read(lambda reader: reader.execute("SELECT 1").fetchone()) == (1,)


async def a_full_disk_fails_the_whole_group_and_later_writes_work(store: Store) -> None:
    pages = await store.write(lambda tx: tx.execute("PRAGMA page_count").fetchone()[0])
    await store.write(lambda tx: tx.execute(f"PRAGMA max_page_count = {pages + 2}").fetchone())

    def big(tx: Tx) -> None:
        add("x" * 1_000_000)(tx)

    outcomes = await asyncio.gather(store.write(add("small")), store.write(big), return_exceptions=True)
    assert isinstance(outcomes[1], refusal.DatabaseFull | sqlite3.OperationalError)
    if isinstance(outcomes[0], refusal.DatabaseFull):
        assert await names(store) == []
    await store.write(add("later"))
    await store.ping()
    assert (await names(store))[-1] == "later"


async def a_repeated_request_gets_the_first_answer(echo: Echo) -> None:
    save = pb.SaveRequest(request_id="r1", name="a")
    first = await echo.stub.Save(save, metadata=caller("user:alice"))
    assert await echo.stub.Save(save, metadata=caller("user:alice")) == first
    # Another caller's request of the same id is another request.
    assert (await echo.stub.Save(save, metadata=caller("user:bob"))).number == 1
    other = pb.SaveRequest(request_id="r1", name="b")
    refusal = await refused(echo.stub.Save(other, metadata=caller("user:alice")))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ERROR_REASON_REQUEST_ID_REUSED")
    assert refusal.domain == "souk.policy"


async def a_refusal_is_not_recorded_and_leaves_nothing(echo: Echo) -> None:
    for _ in range(2):
        failing = pb.SaveRequest(request_id="r1", name="nobody")
        refusal = await refused(echo.stub.Save(failing, metadata=caller("user:alice")))
        assert refusal.code is grpc.StatusCode.NOT_FOUND
    answer = await echo.stub.Save(pb.SaveRequest(request_id="r1", name="a"), metadata=caller("user:alice"))
    assert answer.number == 0


async def one_request_sent_many_times_at_once_has_one_effect(echo: Echo) -> None:
    save = pb.SaveRequest(request_id="r1", name="a")
    answers = await asyncio.gather(*(echo.stub.Save(save, metadata=caller("user:alice")) for _ in range(50)))
    assert {answer.number for answer in answers} == {0}


async def old_records_are_purged(store: Store) -> None:
    def fill(tx: Tx) -> None:
        for number in range(1200):
            assert tx.is_first("c", "/s", str(number))

    await store.write(fill)
    assert await store.write(lambda tx: tx.is_first("c", "/s", "7")) is False
    day = 24 * 3600 * 1_000_000
    now = time.time_ns() // 1000
    assert await store.purge(now + 29 * day) == 0
    assert await store.purge(now + 31 * day) == 1200


async def a_database_is_opened_by_one_process_at_a_time(store: Store) -> None:
    with pytest.raises(StoreError, match="another process has it open"):
        Store.open(store.path, MIGRATIONS)


async def the_lock_is_on_the_file_itself_and_nobody_else_can_read_it(store: Store) -> None:
    assert sorted(file.name for file in store.path.parent.iterdir()) == [
        "echo.sqlite3",
        "echo.sqlite3-shm",
        "echo.sqlite3-wal",
    ]
    assert {file.stat().st_mode & 0o777 for file in store.path.parent.iterdir()} == {0o600}
    assert store.path.parent.stat().st_mode & 0o777 == 0o700
    script = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    second = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(store.path), stderr=asyncio.subprocess.PIPE)
    _, err = await second.communicate()
    assert b"BlockingIOError" in err


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def loosen(path: Path, mode: int) -> None:
    path.chmod(mode)


async def what_others_could_read_is_tightened(tmp_path: Path) -> None:
    path = tmp_path / "echo.sqlite3"
    await Store.open(path, MIGRATIONS).close()
    loosen(path, 0o644)
    loosen(tmp_path, 0o755)
    await Store.open(path, MIGRATIONS).close()
    assert (mode(path), mode(tmp_path)) == (0o600, 0o700)


async def stuck(store: Store, why: str) -> None:
    for _ in range(2):
        with pytest.raises(refusal.DatabaseUnavailable):
            await store.write(add("lost"))
    with pytest.raises(OSError, match=why):
        await store.ping()


async def what_is_deleted_replaced_or_emptied_takes_no_more_writes(store: Store) -> None:
    await store.write(add("kept"))
    aside = store.path.with_name("aside")
    store.path.rename(aside)
    await stuck(store, r"echo\.sqlite3 is gone")
    shutil.copy(aside, store.path)
    await stuck(store, r"echo\.sqlite3 was replaced")
    aside.rename(store.path)
    await store.ping()
    await store.write(add("again"))
    assert await names(store) == ["kept", "again"]
    store.path.with_name("echo.sqlite3-wal").unlink()
    await stuck(store, r"echo\.sqlite3-wal is gone")


async def an_emptied_file_takes_no_more_writes(store: Store) -> None:
    os.truncate(store.path, 0)
    await stuck(store, "was emptied or cut off")


async def each_start_and_each_second_of_writes_raises_the_epoch(tmp_path: Path) -> None:
    epochs: list[int] = []
    for _ in range(2):
        opened = Store.open(tmp_path / "echo.sqlite3", MIGRATIONS)
        await opened.write(add(str(len(epochs))))
        epochs.append((await opened.read(lambda reader: reader.execute("SELECT epoch FROM souk_shop").fetchone()))[0])
        await opened.close()
    assert epochs == [2, 4]


@pytest.mark.parametrize(
    ("migrations", "schema", "why"),
    [
        ([], None, "newer than this program's 0"),
        ([Migration(1, "names", "CREATE TABLE names (name TEXT NOT NULL) STRICT")], None, "was changed after it was applied"),
        (MIGRATIONS, "other", "it belongs to echo, not to other"),
        ([Migration(2, "names", "")], None, "do not ascend from 1"),
    ],
)
async def a_schema_that_does_not_fit_is_refused(tmp_path: Path, migrations: Any, schema: str | None, why: str) -> None:
    path = tmp_path / "echo.sqlite3"
    await Store.open(path, MIGRATIONS).close()
    with pytest.raises(StoreError, match=why):
        Store.open(path, migrations, schema=schema)
    await Store.open(path, MIGRATIONS).close()


async def what_users_wrote_before_people_had_customers_is_found_by_their_customer(tmp_path: Path) -> None:
    path = tmp_path / "echo.sqlite3"
    await Store.open(path, MIGRATIONS).close()
    with sqlite3.connect(path) as earlier:
        earlier.execute("DELETE FROM souk_migrations WHERE schema_name = 'souk-chassis' AND version = 3")
        insert = (
            "INSERT INTO souk_requests (caller, method, request_id, body_hash, response, created_time)"
            " VALUES (?, 'm', '1', x'00', x'00', 0)"
        )
        earlier.executemany(insert, [("user:alice",), ("service:orders",), ("staff:user:ann",)])
    earlier.close()
    store = Store.open(path, MIGRATIONS)
    callers = await store.read(lambda reader: reader.execute("SELECT caller FROM souk_requests ORDER BY seq").fetchall())
    await store.close()
    assert callers == [(customer_of("user:alice"),), ("service:orders",), ("staff:user:ann",)]


async def a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "echo.sqlite3"
    wrong = [*MIGRATIONS, Migration(2, "wrong", "CREATE TABLE more (a INTEGER) STRICT; CREATE TABLE names (a INTEGER);")]
    with pytest.raises(StoreError, match="already exists"):
        Store.open(path, wrong)
    right = [*MIGRATIONS, Migration(2, "right", "CREATE TABLE more (a INTEGER) STRICT; CREATE INDEX of_a ON more (a)")]
    store = Store.open(path, right)
    assert await store.read(lambda reader: reader.execute("SELECT count(*) FROM souk_migrations").fetchone()) == (5,)
    await store.close()


def ids_are_type_ids_in_the_order_of_time() -> None:
    ids = []
    for _ in range(3):
        ids.append(new_id("event"))
        time.sleep(0.002)
    assert ids == sorted(ids)
    number = 0
    for digit in ids[0].removeprefix("event_"):
        number = number * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(digit)
    inside = uuid.UUID(int=number)
    assert (inside.version, inside.variant) == (7, uuid.RFC_4122)
    assert abs((inside.int >> 80) / 1000 - time.time()) < 5
