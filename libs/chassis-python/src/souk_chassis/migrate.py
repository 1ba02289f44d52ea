"""Migrations: forward only, all pending ones in one transaction. What was applied is compared with the program."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from souk_client import customer_of

CREATE = """CREATE TABLE IF NOT EXISTS souk_migrations (
    schema_name TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL,
    applied_time INTEGER NOT NULL,
    PRIMARY KEY (schema_name, version)) STRICT"""


class MigrationError(Exception):
    """The database is not one that this program may open."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema: versions ascend from 1, tables are STRICT, and a released step never changes.

    Its SQL may use `souk_customer_of('user:alice')`, the customer that development tokens derive from a name.
    """

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Returns the digest that shows whether the step was changed after it was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


OWN = (
    Migration(
        1,
        "requests, outbox, inbox",
        """
-- Idempotency records: the answer of each repeatable write, kept for some days.
CREATE TABLE souk_requests (
    seq INTEGER PRIMARY KEY, caller TEXT NOT NULL, method TEXT NOT NULL, request_id TEXT NOT NULL, body_hash BLOB NOT NULL,
    response BLOB NOT NULL, created_time INTEGER NOT NULL, UNIQUE (caller, method, request_id)
) STRICT;
-- Events that wait to be published, written with the change they tell of. The bus has refused those with a reason for good.
CREATE TABLE souk_outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    payload BLOB NOT NULL, traceparent TEXT NOT NULL, created_time INTEGER NOT NULL, refused TEXT
) STRICT;
-- Events that were handled, so that a second delivery has no effect.
CREATE TABLE souk_inbox (
    seq INTEGER PRIMARY KEY, consumer TEXT NOT NULL, source TEXT NOT NULL, event_id TEXT NOT NULL,
    created_time INTEGER NOT NULL,
    UNIQUE (consumer, source, event_id)
) STRICT;
""",
    ),
    Migration(
        2,
        "shop",
        """
-- Whose database this is, which the one program says, and how far it has come: an older copy has a lower epoch.
CREATE TABLE souk_shop (
    one INTEGER PRIMARY KEY CHECK (one = 1), shop TEXT NOT NULL, epoch INTEGER NOT NULL, reserve BLOB
) STRICT;
INSERT INTO souk_shop (one, shop, epoch) VALUES (1, '', 0);
""",
    ),
    Migration(
        3,
        "customers",
        """
-- What a person repeats is found by its customer.
UPDATE souk_requests SET caller = souk_customer_of(caller) WHERE substr(caller, 1, 5) = 'user:';
""",
    ),
)
RAISE_EPOCH = "UPDATE souk_shop SET epoch = epoch + 1"


def migrate(connection: sqlite3.Connection, schema: str, migrations: Sequence[Migration]) -> None:
    """Brings a database up to date, or raises MigrationError and leaves it as it was."""
    connection.create_function("souk_customer_of", 1, customer_of, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(CREATE)
        others = connection.execute(
            "SELECT DISTINCT schema_name FROM souk_migrations WHERE schema_name NOT IN ('souk-chassis', ?)", (schema,)
        ).fetchall()
        if others:
            raise MigrationError(f"it belongs to {others[0][0]}, not to {schema}")
        _apply(connection, "souk-chassis", OWN)
        _apply(connection, schema, migrations)
        connection.execute(RAISE_EPOCH)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _apply(connection: sqlite3.Connection, schema: str, migrations: Sequence[Migration]) -> None:
    if [step.version for step in migrations] != list(range(1, len(migrations) + 1)):
        raise MigrationError(f"the versions of {schema} do not ascend from 1")
    rows = connection.execute(
        "SELECT version, checksum FROM souk_migrations WHERE schema_name = ? ORDER BY version", (schema,)
    ).fetchall()
    if len(rows) > len(migrations):
        raise MigrationError(f"its schema has version {rows[-1][0]}, newer than this program's {len(migrations)}")
    for (version, checksum), step in zip(rows, migrations, strict=False):
        if checksum != step.checksum:
            raise MigrationError(f"migration {version} of {schema} was changed after it was applied")
    for step in migrations[len(rows) :]:
        for statement in _statements(step.sql):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO souk_migrations (schema_name, version, name, checksum, applied_time) VALUES (?, ?, ?, ?, ?)",
            (schema, step.version, step.name, step.checksum, time.time_ns() // 1000),
        )


def _statements(sql: str) -> list[str]:
    """Splits a script, since `executescript` would commit what is open."""
    statements, current = [], ""
    for part in sql.split(";"):
        current += part + ";"
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    if current.strip(";\n\t "):
        statements.append(current)
    return [statement for statement in statements if statement.strip(";\n\t ")]
