CREATE TABLE products (
    product_id BLOB NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    -- The first characters of the title in lower case: what lists are sorted and searched by.
    title_key BLOB NOT NULL,
    description TEXT NOT NULL,
    -- 1 draft, 2 active, 3 archived.
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    -- A JSON object of texts.
    labels TEXT NOT NULL,
    external_key TEXT UNIQUE,
    version INTEGER NOT NULL CHECK (version >= 1),
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX products_by_title ON products (title_key, product_id);

CREATE TABLE variants (
    variant_id BLOB NOT NULL PRIMARY KEY,
    product_id BLOB NOT NULL REFERENCES products,
    sku TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    attributes TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX variants_of_product ON variants (product_id, sku);

CREATE TABLE prices (
    price_id BLOB NOT NULL PRIMARY KEY,
    variant_id BLOB NOT NULL REFERENCES variants,
    currency_code TEXT NOT NULL,
    minor_units INTEGER NOT NULL CHECK (minor_units BETWEEN 0 AND 1000000000000),
    -- NULL while it can be sold at.
    archive_time INTEGER,
    create_time INTEGER NOT NULL,
    effective_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX prices_of_variant ON prices (variant_id, effective_time, price_id);

-- A price never changes but for being archived once, and never goes.
CREATE TRIGGER prices_no_update BEFORE UPDATE ON prices
    WHEN NEW.price_id <> OLD.price_id OR NEW.variant_id <> OLD.variant_id OR NEW.currency_code <> OLD.currency_code
        OR NEW.minor_units <> OLD.minor_units OR NEW.create_time <> OLD.create_time
        OR NEW.effective_time <> OLD.effective_time OR OLD.archive_time IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a price never changes'); END;
CREATE TRIGGER prices_no_delete BEFORE DELETE ON prices
    BEGIN SELECT RAISE(ABORT, 'a price never goes'); END;

-- The price that a sku without a price id is sold at, by currency.
CREATE TABLE default_prices (
    variant_id BLOB NOT NULL REFERENCES variants,
    currency_code TEXT NOT NULL,
    price_id BLOB NOT NULL REFERENCES prices,
    change_time INTEGER NOT NULL,
    PRIMARY KEY (variant_id, currency_code)
) STRICT, WITHOUT ROWID;
