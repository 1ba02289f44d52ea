CREATE TABLE products (
    product_id BYTEA NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    -- The first characters of the title in lower case: what lists are sorted and searched by.
    title_key BYTEA NOT NULL,
    description TEXT NOT NULL,
    -- 1 draft, 2 active, 3 archived.
    state BIGINT NOT NULL CHECK (state BETWEEN 1 AND 3),
    -- A JSON object of texts.
    labels TEXT NOT NULL,
    external_key TEXT UNIQUE,
    version BIGINT NOT NULL CHECK (version >= 1),
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL
);

CREATE INDEX products_by_title ON products (title_key, product_id);

CREATE TABLE variants (
    variant_id BYTEA NOT NULL PRIMARY KEY,
    product_id BYTEA NOT NULL REFERENCES products,
    sku TEXT COLLATE "C" NOT NULL UNIQUE,
    title TEXT NOT NULL,
    attributes TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL
);

CREATE INDEX variants_of_product ON variants (product_id, sku);

CREATE TABLE prices (
    price_id BYTEA NOT NULL PRIMARY KEY,
    variant_id BYTEA NOT NULL REFERENCES variants,
    currency_code TEXT COLLATE "C" NOT NULL,
    minor_units BIGINT NOT NULL CHECK (minor_units BETWEEN 0 AND 1000000000000),
    -- NULL while it can be sold at.
    archive_time BIGINT,
    create_time BIGINT NOT NULL,
    effective_time BIGINT NOT NULL
);

CREATE INDEX prices_of_variant ON prices (variant_id, effective_time, price_id);

-- A price never changes but for being archived once, and never goes.
CREATE TRIGGER prices_no_update BEFORE UPDATE ON prices FOR EACH ROW
    WHEN (NEW.price_id <> OLD.price_id OR NEW.variant_id <> OLD.variant_id OR NEW.currency_code <> OLD.currency_code
        OR NEW.minor_units <> OLD.minor_units OR NEW.create_time <> OLD.create_time
        OR NEW.effective_time <> OLD.effective_time OR OLD.archive_time IS NOT NULL)
    EXECUTE FUNCTION souk_refuse_change();
CREATE TRIGGER prices_no_delete BEFORE DELETE ON prices
    FOR EACH ROW EXECUTE FUNCTION souk_refuse_change();
CREATE TRIGGER prices_no_truncate BEFORE TRUNCATE ON prices
    FOR EACH STATEMENT EXECUTE FUNCTION souk_refuse_change();

-- The price that a sku without a price id is sold at, by currency.
CREATE TABLE default_prices (
    variant_id BYTEA NOT NULL REFERENCES variants,
    currency_code TEXT COLLATE "C" NOT NULL,
    price_id BYTEA NOT NULL REFERENCES prices,
    change_time BIGINT NOT NULL,
    PRIMARY KEY (variant_id, currency_code)
);
