-- Times are whole microseconds since 1970.
CREATE TABLE wishlists (
    wishlist_id   TEXT PRIMARY KEY,
    customer_id   TEXT NOT NULL,
    title         TEXT NOT NULL,
    currency_code TEXT NOT NULL,
    version       INTEGER NOT NULL,
    create_time   INTEGER NOT NULL,
    update_time   INTEGER NOT NULL
) STRICT;
CREATE INDEX wishlists_of_customer ON wishlists (customer_id, wishlist_id);

-- restock_time and price_time: when the last event of each kind was published about the item; 0 is never.
CREATE TABLE items (
    wishlist_id  TEXT NOT NULL REFERENCES wishlists ON DELETE CASCADE,
    sku          TEXT NOT NULL,
    position     INTEGER NOT NULL,
    create_time  INTEGER NOT NULL,
    restock_time INTEGER NOT NULL DEFAULT 0,
    price_time   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (wishlist_id, sku)
) STRICT;
CREATE INDEX items_of_sku ON items (sku);
