"""All SQL."""

from __future__ import annotations

import sqlite3

from souk_chassis import Migration, Report, Store, Tx

from {{package}}.entry import Entry

MIGRATIONS = [
    Migration(
        1,
        "entries",
        """
        CREATE TABLE entries (
            seq           INTEGER PRIMARY KEY,
            entry_id      TEXT NOT NULL UNIQUE,
            customer_id   TEXT NOT NULL,
            text          TEXT NOT NULL,
            create_micros INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX entries_of_customer ON entries (customer_id, seq);
        """,
    )
]


def insert(tx: Tx, entry: Entry) -> None:
    """Adds an entry."""
    tx.execute(
        "INSERT INTO entries (entry_id, customer_id, text, create_micros) VALUES (?, ?, ?, ?)",
        (entry.id, entry.customer_id, entry.text, entry.create_micros),
    )


def count(tx: Tx, customer_id: str) -> int:
    """Returns how many entries a customer has."""
    return int(tx.execute("SELECT count(*) FROM entries WHERE customer_id = ?", (customer_id,)).fetchone()[0])


def recent(reader: sqlite3.Connection, customer_id: str, most: int) -> list[Entry]:
    """Returns a customer's entries, the newest first."""
    sql = "SELECT entry_id, customer_id, text, create_micros FROM entries WHERE customer_id = ? ORDER BY seq DESC LIMIT ?"
    return [Entry(*row) for row in reader.execute(sql, (customer_id, most))]


async def check(store: Store) -> Report:
    """Checks the invariants on one state of the data: what must hold whatever happened before, and how much was checked."""
    return await store.read(_checked)


def _checked(reader: sqlite3.Connection) -> Report:
    report = Report()
    for (entry_id,) in reader.execute("SELECT entry_id FROM entries WHERE text = '' LIMIT 1000"):
        report.add("an entry says something", entry_id, "its text is empty")
    report.counts = {"entries": reader.execute("SELECT count(*) FROM entries").fetchone()[0]}
    return report
