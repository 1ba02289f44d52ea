"""All SQL."""

from __future__ import annotations

import sqlite3

from souk_chassis import Migration, Tx

from {{package}}.entry import Entry

MIGRATIONS = [
    Migration(
        1,
        "entries",
        """
        CREATE TABLE entries (
            seq           INTEGER PRIMARY KEY,
            entry_id      TEXT NOT NULL UNIQUE,
            user_id       TEXT NOT NULL,
            text          TEXT NOT NULL,
            create_micros INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX entries_of_user ON entries (user_id, seq);
        """,
    )
]


def insert(tx: Tx, entry: Entry) -> None:
    """Adds an entry."""
    tx.execute(
        "INSERT INTO entries (entry_id, user_id, text, create_micros) VALUES (?, ?, ?, ?)",
        (entry.id, entry.user_id, entry.text, entry.create_micros),
    )


def count(tx: Tx, user_id: str) -> int:
    """Returns how many entries a user has."""
    return int(tx.execute("SELECT count(*) FROM entries WHERE user_id = ?", (user_id,)).fetchone()[0])


def recent(reader: sqlite3.Connection, user_id: str, most: int) -> list[Entry]:
    """Returns a user's entries, the newest first."""
    sql = "SELECT entry_id, user_id, text, create_micros FROM entries WHERE user_id = ? ORDER BY seq DESC LIMIT ?"
    return [Entry(*row) for row in reader.execute(sql, (user_id, most))]
