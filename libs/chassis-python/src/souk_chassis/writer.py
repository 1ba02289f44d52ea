"""The one thread that writes to a SQLite file: many closures share one transaction and one commit, so that durable writes are
bound by work and not by the disk's fsync.

**Invariant:** nothing that a closure returned, errors included, is released before the COMMIT that covers it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from souk_chassis.error import Error
from souk_chassis.held import HeldFile, LostError
from souk_chassis.migrate import RAISE_EPOCH
from souk_chassis.refusal import DatabaseFull, DatabaseUnavailable, Overloaded
from souk_chassis.tx import Tx

MAX_GROUP = 256
MAX_WAITING = 10_000
# How often a database that is written to raises its epoch.
EPOCH_SECONDS = 1.0
_LOG = logging.getLogger("souk_chassis.store")

Closure = Callable[[Tx], Any]


class _Write:
    """One closure, who waits for it, and what came of it."""

    def __init__(self, closure: Closure, future: asyncio.Future[Any]) -> None:
        self.closure = closure
        self.future = future
        self.traceparent = ""
        self.result: Any = None
        self.error: BaseException | None = None

    def release(self) -> None:
        """Hands over the outcome; runs on the event loop."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """Runs closures strictly one after another, each in a savepoint."""

    def __init__(self, path: Path, held: HeldFile, loop: asyncio.AbstractEventLoop, published: Callable[[], None]) -> None:
        self._path = path
        self._held = held
        self._held.check()
        self._epoch_due = 0.0
        self._loop = loop
        self._published = published
        self._waiting: queue.Queue[_Write | None] = queue.Queue(MAX_WAITING)
        self._connection: sqlite3.Connection | None = open_connection(path)
        self.failure: Error | None = None
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    def add(self, closure: Closure, traceparent: str) -> asyncio.Future[Any]:
        """Queues a closure. It runs even if its caller goes away."""
        write = _Write(closure, self._loop.create_future())
        write.traceparent = traceparent
        try:
            self._waiting.put_nowait(write)
        except queue.Full:
            raise Overloaded("too many writes wait for the database") from None
        return write.future

    def stop(self) -> None:
        """Finishes what is queued and closes the file."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_stopping = False
        while not is_stopping:
            group: list[_Write] = []
            entry = self._waiting.get()
            while entry is not None:
                group.append(entry)
                if len(group) == MAX_GROUP or self._waiting.empty():
                    break
                entry = self._waiting.get_nowait()
            is_stopping = entry is None
            if group:
                self._commit(group)
        if self._connection is not None:
            self._connection.close()

    def _commit(self, group: list[_Write]) -> None:
        publishes = False
        try:
            self._held.check()
            if self._connection is None:
                self._connection = open_connection(self._path)
            self._connection.execute("BEGIN IMMEDIATE")
            for write in group:
                publishes |= self._run_one(self._connection, write)
            if time.monotonic() >= self._epoch_due:
                self._connection.execute(RAISE_EPOCH)
                self._epoch_due = time.monotonic() + EPOCH_SECONDS
            self._connection.execute("COMMIT")
            # Nothing is acknowledged that was written into a file without a name.
            self._held.check_committed()
            # A small write may work on a full disk, so only one that needs new space is proof.
            if not isinstance(self.failure, DatabaseFull):
                self.failure = None
        except (sqlite3.Error, OSError) as error:
            self.failure = _database_error(error)
            _LOG.error("a group of %d writes to %s failed: %s", len(group), self._path, error)
            for write in group:
                write.error = self.failure
            publishes = False
            if not isinstance(error, LostError):
                self._reopen()
        # When the loop is closed no caller waits any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._release, group, publishes)

    def _run_one(self, connection: sqlite3.Connection, write: _Write) -> bool:
        connection.execute("SAVEPOINT closure")
        tx = Tx(connection, write.traceparent)
        try:
            write.result = write.closure(tx)
        except BaseException as error:
            write.error = error
        finally:
            tx.close()
        if not connection.in_transaction:
            # SQLite ended the transaction by itself (full disk, I/O error): what was written before is gone too.
            raise (
                write.error if isinstance(write.error, sqlite3.Error) else sqlite3.OperationalError("the transaction was ended")
            )
        if write.error is not None:
            connection.execute("ROLLBACK TO closure")
        connection.execute("RELEASE closure")
        return tx.publishes and write.error is None

    def _release(self, group: list[_Write], publishes: bool) -> None:
        for write in group:
            write.release()
        if publishes:
            self._published()

    def _reopen(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None
        self._held.forget_log()


def open_connection(path: Path, *, is_reader: bool = False) -> sqlite3.Connection:
    """Opens the file, which is there, for the writer or for one reader."""
    uri = f"{path.resolve().as_uri()}?mode={'ro' if is_reader else 'rw'}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5)
    if is_reader:
        connection.execute("PRAGMA query_only = ON")
    else:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _database_error(error: Exception) -> Error:
    if "full" in str(error):
        return DatabaseFull("the disk of the database is full; nothing was written")
    if isinstance(error, LostError):
        return DatabaseUnavailable("the file of the database was deleted, replaced or cut off")
    return DatabaseUnavailable(f"the database cannot be written to: {error}")
