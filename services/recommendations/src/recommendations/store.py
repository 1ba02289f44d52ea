"""All SQL. Each row that memory follows carries the number of the change that made it; numbers ascend in the order of the
commits, because there is one writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from souk_chassis import Migration, Tx

from recommendations.purchase import Bought, Claim, Order, Purchases

MIGRATIONS = (
    Migration(
        1,
        "orders and products",
        """
-- The number of the last change.
CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL) STRICT;
INSERT INTO clock (one, last) VALUES (1, 0);
-- Every order that an event told of, as its newest version says; also those that count no more, so that an older version is
-- known as such.
CREATE TABLE orders (
    order_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, version INTEGER NOT NULL, time INTEGER NOT NULL,
    change INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX orders_by_change ON orders (change);
CREATE INDEX orders_by_customer ON orders (customer_id, time);
-- What of an order counts: the skus of which something was kept.
CREATE TABLE order_items (
    order_id TEXT NOT NULL REFERENCES orders (order_id), sku TEXT NOT NULL, PRIMARY KEY (order_id, sku)
) STRICT, WITHOUT ROWID;
CREATE TABLE products (
    product_id TEXT PRIMARY KEY, title TEXT NOT NULL, is_for_sale INTEGER NOT NULL, update_time INTEGER NOT NULL,
    change INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX products_by_change ON products (change);
CREATE TABLE variants (
    sku TEXT PRIMARY KEY, product_id TEXT NOT NULL, title TEXT NOT NULL, update_time INTEGER NOT NULL, change INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX variants_by_change ON variants (change);
-- One row for each training that was begun: no two have the same number, whatever became of their files.
CREATE TABLE trainings (number INTEGER PRIMARY KEY AUTOINCREMENT, begin_time INTEGER NOT NULL) STRICT;
-- The parts of the past that were read to their end.
CREATE TABLE past (part TEXT PRIMARY KEY, read_time INTEGER NOT NULL) STRICT, WITHOUT ROWID;
""",
    ),
    Migration(
        2,
        "states of variants",
        """
ALTER TABLE variants ADD COLUMN is_for_sale INTEGER NOT NULL DEFAULT 1;
""",
    ),
    Migration(
        3,
        "customers",
        """
-- Until now a customer was the name of a user; guests had none.
UPDATE orders SET customer_id = souk_customer_of('user:' || customer_id) WHERE customer_id <> '';
-- Whose the orders of a guest are.
CREATE TABLE claims (guest_customer_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
""",
    ),
)


@dataclass(frozen=True, slots=True)
class OrderChange:
    """An order as a change left it: what counts of it, which may be nothing."""

    order_id: str
    time: int
    skus: list[str]


@dataclass(frozen=True, slots=True)
class ProductChange:
    """A product as a change left it."""

    product_id: str
    title: str
    is_for_sale: bool


@dataclass(frozen=True, slots=True)
class VariantChange:
    """A variant as a change left it."""

    sku: str
    product_id: str
    title: str
    is_for_sale: bool


Write = Callable[[Tx], None]
Change = tuple[int, OrderChange | ProductChange | VariantChange]


def put_order(tx: Tx, order: Order) -> None:
    """Takes over an order, unless a newer version of it is known. A guest's is the customer's who has claimed the guest."""
    known = tx.execute("SELECT version FROM orders WHERE order_id = ?", (order.order_id,)).fetchone()
    if known is not None and known[0] >= order.version:
        return
    tx.execute(
        "INSERT INTO orders (order_id, customer_id, version, time, change) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (order_id) DO UPDATE SET customer_id = excluded.customer_id, version = excluded.version,"
        " time = excluded.time, change = excluded.change",
        (order.order_id, _owner(tx, order.customer_id), order.version, order.time, _next_change(tx)),
    )
    tx.execute("DELETE FROM order_items WHERE order_id = ?", (order.order_id,))
    tx.executemany(
        "INSERT INTO order_items (order_id, sku) VALUES (?, ?)", [(order.order_id, sku) for sku in order.kept_skus()]
    )


def put_claim(tx: Tx, claim: Claim) -> bool:
    """Gives a customer what a guest bought, once. Returns false if another customer had claimed the guest before."""
    tx.execute(
        "INSERT INTO claims (guest_customer_id, customer_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (claim.guest_customer_id, claim.customer_id),
    )
    if _owner(tx, claim.guest_customer_id) != claim.customer_id:
        return False
    tx.execute("UPDATE orders SET customer_id = ? WHERE customer_id = ?", (claim.customer_id, claim.guest_customer_id))
    return True


def put_product(tx: Tx, product: ProductChange, update_time: int) -> None:
    """Takes over a product, unless a newer state of it is known."""
    tx.execute(
        "INSERT INTO products (product_id, title, is_for_sale, update_time, change) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (product_id) DO UPDATE SET title = excluded.title, is_for_sale = excluded.is_for_sale,"
        " update_time = excluded.update_time, change = excluded.change WHERE excluded.update_time >= products.update_time",
        (product.product_id, product.title, int(product.is_for_sale), update_time, _next_change(tx)),
    )


def put_variant(tx: Tx, variant: VariantChange, update_time: int) -> None:
    """Takes over a variant, unless a newer state of it is known."""
    tx.execute(
        "INSERT INTO variants (sku, product_id, title, is_for_sale, update_time, change) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (sku) DO UPDATE SET product_id = excluded.product_id, title = excluded.title,"
        " is_for_sale = excluded.is_for_sale, update_time = excluded.update_time, change = excluded.change"
        " WHERE excluded.update_time >= variants.update_time",
        (variant.sku, variant.product_id, variant.title, int(variant.is_for_sale), update_time, _next_change(tx)),
    )


def begin_training(tx: Tx, now: int) -> int:
    """Returns the number of a training that begins."""
    number = tx.execute("INSERT INTO trainings (begin_time) VALUES (?) RETURNING number", (now,)).fetchone()[0]
    return int(number)


def past_read(tx: Tx, part: str, now: int) -> None:
    """Records that a part of the past was read to its end."""
    tx.execute("INSERT INTO past (part, read_time) VALUES (?, ?) ON CONFLICT DO NOTHING", (part, now))


def is_past_read(reader: sqlite3.Connection, part: str) -> bool:
    """Returns whether a part of the past was read to its end."""
    return reader.execute("SELECT 1 FROM past WHERE part = ?", (part,)).fetchone() is not None


def bought_by(reader: sqlite3.Connection, customer_id: str, most: int) -> list[Bought]:
    """Returns what a customer bought and kept, newest first."""
    rows = reader.execute(
        "SELECT sku, time FROM orders JOIN order_items USING (order_id) WHERE customer_id = ? ORDER BY time DESC, sku LIMIT ?",
        (customer_id, most),
    )
    return [Bought(sku, time) for sku, time in rows]


def changes_since(reader: sqlite3.Connection, change: int, most: int, *, orders_after: int = 0) -> list[Change]:
    """Returns the changes after one, in order and up to a limit, with their numbers; no orders up to `orders_after`."""
    changes: list[Change] = []
    products = reader.execute(
        "SELECT change, product_id, title, is_for_sale FROM products WHERE change > ? ORDER BY change LIMIT ?", (change, most)
    )
    changes += [(number, ProductChange(key, title, bool(sold))) for number, key, title, sold in products]
    variants = reader.execute(
        "SELECT change, sku, product_id, title, is_for_sale FROM variants WHERE change > ? ORDER BY change LIMIT ?",
        (change, most),
    )
    changes += [(number, VariantChange(sku, product, title, bool(sold))) for number, sku, product, title, sold in variants]
    orders = reader.execute(
        "SELECT change, order_id, time FROM orders WHERE change > ? ORDER BY change LIMIT ?", (max(change, orders_after), most)
    )
    changes += [(number, OrderChange(key, time, _items(reader, key))) for number, key, time in orders.fetchall()]
    # Each kind was cut after `most`, so that only the first `most` of all are sure to have nothing missing between them.
    return sorted(changes, key=lambda one: one[0])[:most]


def change_before_newest_orders(reader: sqlite3.Connection, most_orders: int) -> int:
    """Returns the number of the change after which come the newest `most_orders` orders."""
    row = reader.execute("SELECT change FROM orders ORDER BY change DESC LIMIT 1 OFFSET ?", (most_orders,)).fetchone()
    return 0 if row is None else int(row[0])


def last_change(reader: sqlite3.Connection) -> int:
    """Returns the number of the last change."""
    return int(reader.execute("SELECT last FROM clock").fetchone()[0])


def orders_since(reader: sqlite3.Connection, change: int) -> int:
    """Returns how many orders came in or changed after a change."""
    return int(reader.execute("SELECT count(*) FROM orders WHERE change > ?", (change,)).fetchone()[0])


def orders_that_count(reader: sqlite3.Connection) -> int:
    """Returns how many orders have anything that counts."""
    sql = "SELECT count(*) FROM orders WHERE EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = orders.order_id)"
    return int(reader.execute(sql).fetchone()[0])


def orders_with_each_sku(reader: sqlite3.Connection) -> dict[str, int]:
    """Returns how many orders have each sku."""
    return dict(reader.execute("SELECT sku, count(*) FROM order_items GROUP BY sku"))


def items_without_order(reader: sqlite3.Connection, most: int) -> list[tuple[str, str]]:
    """Returns (order id, sku) of items whose order is not there. There are none."""
    sql = (
        "SELECT order_id, sku FROM order_items i WHERE NOT EXISTS"
        " (SELECT 1 FROM orders WHERE orders.order_id = i.order_id) LIMIT ?"
    )
    return [(order, sku) for order, sku in reader.execute(sql, (most,))]


def sizes(reader: sqlite3.Connection) -> dict[str, int]:
    """Returns how many rows each table has."""
    tables = {"orders": "orders", "items of orders": "order_items", "products": "products", "variants": "variants"}
    return {what: reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for what, table in tables.items()}


def all_purchases(path: Path) -> tuple[int, Purchases]:
    """Returns the last change and everything that was bought up to it. For a training's own process: it only reads."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as reader:
        reader.execute("BEGIN")
        return last_change(reader), Purchases.of(_purchases(reader))


def _purchases(reader: sqlite3.Connection) -> Iterator[tuple[str, str, str, int]]:
    return reader.execute("SELECT order_id, customer_id, sku, time FROM orders JOIN order_items USING (order_id)")


def _items(reader: sqlite3.Connection, order_id: str) -> list[str]:
    return [row[0] for row in reader.execute("SELECT sku FROM order_items WHERE order_id = ?", (order_id,))]


def _owner(tx: Tx, customer_id: str) -> str:
    row = tx.execute("SELECT customer_id FROM claims WHERE guest_customer_id = ?", (customer_id,)).fetchone()
    return customer_id if row is None else str(row[0])


def _next_change(tx: Tx) -> int:
    return int(tx.execute("UPDATE clock SET last = last + 1 RETURNING last").fetchone()[0])
