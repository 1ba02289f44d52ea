//! The migrations: how the tables came to be, on both engines.

use sea_orm::sea_query::{Expr, ExprTrait, ForeignKey, Index, Table};
use souk_data::{Ddl, Engine, Migration, Schema};

/// The tables and how they came to be.
pub static SCHEMA: Schema = Schema {
    name: "catalog",
    migrations: &[
        Migration {
            version: 1,
            name: "catalog",
            up: tables,
            earlier_checksums: &[
                "102f1277c05ecd86e611e0689b019369440a21299ea0c62a7334807b2501f4e0",
                "1d4e33e2377169f1042ae3c74438952ea88cb0f4e400a1bd6ee847611321ec68",
            ],
        },
        Migration { version: 2, name: "audience", up: audience, earlier_checksums: &[] },
        Migration { version: 3, name: "channels", up: channels, earlier_checksums: &[] },
        Migration { version: 4, name: "imports", up: imports, earlier_checksums: &[] },
    ],
};

/// When an update of a price changes more than that it is archived, in the first version.
const MORE_THAN_ARCHIVED: &str = "NEW.price_id <> OLD.price_id \
     OR NEW.variant_id <> OLD.variant_id OR NEW.currency_code <> OLD.currency_code \
     OR NEW.minor_units <> OLD.minor_units OR NEW.create_time <> OLD.create_time \
     OR NEW.effective_time <> OLD.effective_time OR OLD.archive_time IS NOT NULL";

fn tables(ddl: &mut Ddl) {
    products(ddl);
    variants(ddl);
    prices(ddl);
    default_prices(ddl);
}

fn products(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("products")
            .col(ddl.bytes("product_id").primary_key())
            .col(ddl.text("title"))
            // The first characters of the title in lower case: lists are sorted and searched by it.
            .col(ddl.bytes("title_key"))
            .col(ddl.text("description"))
            // 1 draft, 2 active, 3 archived.
            .col(ddl.integer("state").check(Expr::col("state").between(1, 3)))
            // A JSON object of texts.
            .col(ddl.text("labels"))
            .col(ddl.text("external_key").null().unique_key())
            .col(ddl.integer("version").check(Expr::col("version").gte(1)))
            .col(ddl.integer("create_time"))
            .col(ddl.integer("update_time")),
    );

    ddl.index(
        Index::create()
            .name("products_by_title")
            .table("products")
            .col("title_key")
            .col("product_id"),
    );
}

fn variants(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("variants")
            .col(ddl.bytes("variant_id").primary_key())
            .col(ddl.bytes("product_id"))
            .col(ddl.key_text("sku").unique_key())
            .col(ddl.text("title"))
            .col(ddl.text("attributes"))
            .col(ddl.integer("version").check(Expr::col("version").gte(1)))
            .col(ddl.integer("create_time"))
            .col(ddl.integer("update_time"))
            .foreign_key(ForeignKey::create().from_col("product_id").to("products", "product_id")),
    );

    ddl.index(
        Index::create().name("variants_of_product").table("variants").col("product_id").col("sku"),
    );
}

fn prices(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("prices")
            .col(ddl.bytes("price_id").primary_key())
            .col(ddl.bytes("variant_id"))
            .col(ddl.key_text("currency_code"))
            .col(
                ddl.integer("minor_units")
                    .check(Expr::col("minor_units").between(0, 1_000_000_000_000_i64)),
            )
            // NULL while the price can be sold at.
            .col(ddl.integer("archive_time").null())
            .col(ddl.integer("create_time"))
            .col(ddl.integer("effective_time"))
            .foreign_key(ForeignKey::create().from_col("variant_id").to("variants", "variant_id")),
    );

    ddl.index(
        Index::create()
            .name("prices_of_variant")
            .table("prices")
            .col("variant_id")
            .col("effective_time")
            .col("price_id"),
    );

    // A price is archived once; nothing else of it changes, and it is never deleted.
    refuse_update_of_sqlite_price(ddl, MORE_THAN_ARCHIVED);
    ddl.refuse_on_sqlite("prices_no_delete", "DELETE ON prices", "a price never goes");
    refuse_update_of_postgres_price(ddl, MORE_THAN_ARCHIVED);
    ddl.refuse_on_postgres(
        "prices_no_delete",
        "DELETE ON prices FOR EACH ROW",
        "souk_refuse_change",
    );
    ddl.refuse_on_postgres(
        "prices_no_truncate",
        "TRUNCATE ON prices FOR EACH STATEMENT",
        "souk_refuse_change",
    );
}

/// The price that a sku is sold at when a caller names no price, by currency.
fn default_prices(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("default_prices")
            .col(ddl.bytes("variant_id"))
            .col(ddl.key_text("currency_code"))
            .col(ddl.bytes("price_id"))
            .col(ddl.integer("change_time"))
            .foreign_key(ForeignKey::create().from_col("variant_id").to("variants", "variant_id"))
            .foreign_key(ForeignKey::create().from_col("price_id").to("prices", "price_id"))
            .primary_key(Index::create().col("variant_id").col("currency_code")),
    );
}

/// Who may see a price and buy at it.
fn audience(ddl: &mut Ddl) {
    // 1 public, 2 restricted, 3 public while it is the default: until now shoppers could buy at
    // default prices only.
    ddl.alter(
        Table::alter().table("prices").add_column(
            ddl.integer("audience").default(3).check(Expr::col("audience").between(1, 3)),
        ),
    );

    // The trigger is made again, because it knows the columns of before.
    ddl.on(Engine::Sqlite, "DROP TRIGGER prices_no_update");
    ddl.on(Engine::Postgres, "DROP TRIGGER prices_no_update ON prices");
    let more_than_archived = format!("{MORE_THAN_ARCHIVED} OR NEW.audience <> OLD.audience");
    refuse_update_of_sqlite_price(ddl, &more_than_archived);
    refuse_update_of_postgres_price(ddl, &more_than_archived);
}

/// Channels of prices, states of variants, metadata, and what products are found by.
fn channels(ddl: &mut Ddl) {
    for table in ["products", "variants", "prices"] {
        // A JSON object of texts.
        let metadata = ddl.text("metadata").default("{}").take();
        ddl.alter(Table::alter().table(table).add_column(metadata));
    }
    // 1 active, 2 disabled, 3 archived.
    let state = ddl.integer("state").default(1).check(Expr::col("state").between(1, 3)).take();
    ddl.alter(Table::alter().table("variants").add_column(state));
    // Empty is every channel.
    let channel = ddl.key_text("channel").default("").take();
    ddl.alter(Table::alter().table("prices").add_column(channel));
    ddl.on(Engine::Sqlite, "DROP TRIGGER prices_no_update");
    ddl.on(Engine::Postgres, "DROP TRIGGER prices_no_update ON prices");
    let more_than_archived = format!(
        "{MORE_THAN_ARCHIVED} OR NEW.audience <> OLD.audience OR NEW.channel <> OLD.channel \
         OR NEW.metadata <> OLD.metadata"
    );
    refuse_update_of_sqlite_price(ddl, &more_than_archived);
    refuse_update_of_postgres_price(ddl, &more_than_archived);
    default_prices_of_channels(ddl);
    product_lists(ddl);
}

/// A variant has a default price in each currency and channel.
fn default_prices_of_channels(ddl: &mut Ddl) {
    if ddl.engine() == Engine::Postgres {
        let channel = ddl.key_text("channel").default("").take();
        ddl.alter(Table::alter().table("default_prices").add_column(channel));
        ddl.run("ALTER TABLE default_prices DROP CONSTRAINT default_prices_pkey");
        ddl.run("ALTER TABLE default_prices ADD PRIMARY KEY (variant_id, currency_code, channel)");
        return;
    }
    // SQLite changes a primary key by making the table again.
    ddl.create_without_rowid(
        Table::create()
            .table("default_prices_again")
            .col(ddl.bytes("variant_id"))
            .col(ddl.key_text("currency_code"))
            .col(ddl.key_text("channel"))
            .col(ddl.bytes("price_id"))
            .col(ddl.integer("change_time"))
            .foreign_key(ForeignKey::create().from_col("variant_id").to("variants", "variant_id"))
            .foreign_key(ForeignKey::create().from_col("price_id").to("prices", "price_id"))
            .primary_key(Index::create().col("variant_id").col("currency_code").col("channel")),
    );
    ddl.run(
        "INSERT INTO default_prices_again \
         SELECT variant_id, currency_code, '', price_id, change_time FROM default_prices",
    );
    ddl.run("DROP TABLE default_prices");
    ddl.run("ALTER TABLE default_prices_again RENAME TO default_prices");
}

/// What ListProducts finds products by.
fn product_lists(ddl: &mut Ddl) {
    let index = |name| Index::create().name(name).table("products").take();
    ddl.index(index("products_by_state").col("state").col("title_key").col("product_id"));
    ddl.index(index("products_by_update").col("update_time").col("product_id"));

    // The labels of products once more.
    ddl.create_without_rowid(
        Table::create()
            .table("product_labels")
            .col(ddl.key_text("label_key"))
            .col(ddl.key_text("label_value"))
            .col(ddl.bytes("product_id"))
            .foreign_key(ForeignKey::create().from_col("product_id").to("products", "product_id"))
            .primary_key(Index::create().col("label_key").col("label_value").col("product_id")),
    );
    ddl.index(Index::create().name("labels_of_product").table("product_labels").col("product_id"));
    ddl.on(
        Engine::Sqlite,
        "INSERT INTO product_labels \
         SELECT label.key, label.value, p.product_id FROM products p, json_each(p.labels) label",
    );
    ddl.on(
        Engine::Postgres,
        "INSERT INTO product_labels \
         SELECT label.key, label.value, p.product_id \
         FROM products p, json_each_text(p.labels::json) label",
    );
}

/// Imports that are being carried out.
fn imports(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("import_groups")
            .col(ddl.bytes("operation_id"))
            .col(ddl.integer("group_number"))
            .col(ddl.bytes("items"))
            .col(ddl.bytes("results").null())
            .primary_key(Index::create().col("operation_id").col("group_number")),
    );
}

fn refuse_update_of_sqlite_price(ddl: &mut Ddl, when: &str) {
    let change = format!("UPDATE ON prices WHEN {when}");
    ddl.refuse_on_sqlite("prices_no_update", &change, "a price never changes");
}

fn refuse_update_of_postgres_price(ddl: &mut Ddl, when: &str) {
    let change = format!("UPDATE ON prices FOR EACH ROW WHEN ({when})");
    ddl.refuse_on_postgres("prices_no_update", &change, "souk_refuse_change");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_those_that_were_committed() {
        SCHEMA.check_statements(env!("CARGO_MANIFEST_DIR"));
    }
}
