"""A service's own database: one SQLite file with one writer. Writes are closures, and each is durable when it returns."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message

from souk_chassis import trace
from souk_chassis.caller import Caller
from souk_chassis.context import CURRENT
from souk_chassis.error import Error
from souk_chassis.held import HeldFile
from souk_chassis.migrate import Migration, MigrationError, migrate
from souk_chassis.owned import customer_named_in
from souk_chassis.refusal import RequestIdReused
from souk_chassis.tx import Tx
from souk_chassis.writer import Writer, open_connection

REQUESTS_KEPT_DAYS = 7
INBOX_KEPT_DAYS = 30
READERS = 4
_PURGED_AT_ONCE = 500
# How much a full disk must have again before it counts as writable: some pages.
_PROBE_BYTES = 16 << 10
_DAY_MICROS = 24 * 3600 * 1_000_000

T = TypeVar("T")
R = TypeVar("R", bound=Message)


class StoreError(Exception):
    """The database cannot be opened."""


class Store:
    """An open database. Made by `open`, on the event loop that uses it."""

    def __init__(self, path: Path, held: HeldFile, loop: asyncio.AbstractEventLoop) -> None:
        self.path = path
        self.published = asyncio.Event()
        """Set whenever a write has put an event into the outbox."""
        self._held = held
        self._writer = Writer(path, held, loop, self.published.set)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []

    @staticmethod
    def open(path: Path, migrations: Sequence[Migration], *, schema: str | None = None) -> Store:
        """Opens the file at `path`, makes it when it is not there, and migrates it.

        `schema` names whose tables they are; the name of the file unless given. Raises StoreError when another process has it
        open, when it belongs to another schema, or when it is newer than this program.
        """
        try:
            held = HeldFile(path)
        except BlockingIOError as error:
            raise StoreError(f"{path}: another process has it open") from error
        except OSError as error:
            raise StoreError(f"{path}: {error}") from error
        try:
            connection = open_connection(path)
            try:
                migrate(connection, schema or path.stem, migrations)
            finally:
                connection.close()
            return Store(path, held, asyncio.get_running_loop())
        except BaseException as error:
            held.close()
            if isinstance(error, MigrationError | sqlite3.Error | OSError):
                raise StoreError(f"{path}: {error}") from error
            raise

    async def write(self, closure: Callable[[Tx], T]) -> T:
        """Runs a closure on the writer's thread and returns its result once it is durable.

        What it raises is raised here, and what it wrote is undone. The closure runs to its end even if the caller goes away.
        Raises DatabaseFull or DatabaseUnavailable when nothing could be written.
        """
        context = CURRENT.get(None)
        traceparent = trace.headers(context.span).get("traceparent", "") if context else ""
        return cast(T, await self._writer.add(closure, traceparent))

    async def read(self, closure: Callable[[sqlite3.Connection], T]) -> T:
        """Runs a closure on a reader's thread, on one consistent state of the database, and returns its result."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, closure)

    async def write_once(
        self, caller: Caller | str, method: str, request_id: str, request: Message, closure: Callable[[Tx], R]
    ) -> R:
        """Like `write`, once per request: a repeated request gets the first answer, for 7 days.

        `method` is `/souk.orders.v1.OrderService/PlaceOrder`. Only successes are recorded. The same id with another request
        raises RequestIdReused (FAILED_PRECONDITION). What is done for a customer, by any caller, is kept by the customer;
        else by the caller.
        """
        who = caller
        if isinstance(caller, Caller):
            who = customer_named_in(method, request) or caller.owner
        descriptor = descriptor_pool.Default().FindMethodByName(method.strip("/").replace("/", "."))
        answer = cast(type[R], message_factory.GetMessageClass(descriptor.output_type))
        body = type(request)()
        body.CopyFrom(request)
        body.ClearField("request_id")
        digest = hashlib.sha256(body.SerializeToString(deterministic=True)).digest()

        def once(tx: Tx) -> R:
            row = tx.execute(
                "SELECT body_hash, response FROM souk_requests WHERE caller = ? AND method = ? AND request_id = ?",
                (who, method, request_id),
            ).fetchone()
            if row is not None:
                if row[0] != digest:
                    raise RequestIdReused(request_id)
                return answer.FromString(row[1])
            response = closure(tx)
            tx.execute(
                "INSERT INTO souk_requests (caller, method, request_id, body_hash, response, created_time)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (who, method, request_id, digest, response.SerializeToString(), time.time_ns() // 1000),
            )
            return response

        return await self.write(once)

    async def ping(self) -> None:
        """Raises when the database does not work, and names the file; for `ready`."""
        self._held.check()
        if self._writer.failure is not None:
            try:
                # Only a write that needs new disk space can show whether writes work again.
                for reserve in (os.urandom(_PROBE_BYTES), None):
                    await self.write(partial(_set_reserve, reserve=reserve))
            except Error as error:
                raise StoreError(f"{self.path}: {error}") from error
            self._writer.failure = None
        await self.read(lambda reader: reader.execute("SELECT 1").fetchone())

    async def purge(self, now_micros: int | None = None) -> int:
        """Deletes idempotency records older than 7 days and inbox records older than 30; returns how many."""
        now = time.time_ns() // 1000 if now_micros is None else now_micros
        purged = 0
        for table, days in (("souk_requests", REQUESTS_KEPT_DAYS), ("souk_inbox", INBOX_KEPT_DAYS)):
            deleted = _PURGED_AT_ONCE
            while deleted == _PURGED_AT_ONCE:
                deleted = await self.write(partial(_purge, table=table, before=now - days * _DAY_MICROS))
                purged += deleted
        return purged

    async def close(self) -> None:
        """Finishes what is queued and closes the file."""
        await asyncio.to_thread(self._writer.stop)
        self._readers.shutdown()
        for connection in self._opened:
            connection.close()
        self._held.close()

    def _read(self, closure: Callable[[sqlite3.Connection], T]) -> T:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = open_connection(self.path, is_reader=True)
            self._opened.append(connection)
        connection.execute("BEGIN")
        try:
            return closure(connection)
        finally:
            connection.execute("COMMIT")


def _set_reserve(tx: Tx, reserve: bytes | None) -> None:
    tx.execute("UPDATE souk_shop SET reserve = ?", (reserve,))


def _purge(tx: Tx, table: str, before: int) -> int:
    sql = (
        f"DELETE FROM {table} WHERE seq IN (SELECT seq FROM {table} ORDER BY seq LIMIT {_PURGED_AT_ONCE}) AND created_time < ?"
    )
    return tx.execute(sql, (before,)).rowcount
