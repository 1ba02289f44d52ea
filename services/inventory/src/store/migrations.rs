//! The migrations: how the tables came to be, on both engines.

use sea_orm::sea_query::{ConditionalStatement, Expr, ExprTrait, Index, Table};
use souk_data::{Ddl, Engine, Migration, Schema};

/// The tables and how they came to be.
pub const SCHEMA: Schema = Schema {
    name: "inventory",
    migrations: &[
        Migration {
            version: 1,
            name: "inventory",
            up: tables,
            earlier_checksums: &[
                "ccaedeb135cf96ab41335e9708df1e4cadead1e9f61ab700ed5f6bb5a516d513",
                "dda1f8c3e46a191027b22f2bc86884d79877d713440036b40d9337769d073b32",
            ],
        },
        Migration {
            version: 2,
            name: "owner",
            up: owner,
            earlier_checksums: &[
                "74972204d605db26eadddac830ea26d3eac7503d95e039e93cd4ff7e5b628f21",
                "6f1b714573aa07c2a6ac5081948aa7daa3c2d5f140772b4a59b5de2a9299c1ec",
            ],
        },
        Migration {
            version: 3,
            name: "the service that made a reservation",
            up: made_by,
            earlier_checksums: &[],
        },
        Migration {
            version: 4,
            name: "policies, several locations, parts of reservations, actors",
            up: policies_and_parts,
            earlier_checksums: &[],
        },
    ],
};

fn tables(ddl: &mut Ddl) {
    location(ddl);
    stock(ddl);
    reservation(ddl);
    reservation_line(ddl);
    movement(ddl);
}

/// Locations that hold stock. They are never deleted.
fn location(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("location")
            .col(ddl.key_text("location_id").primary_key())
            .col(ddl.text("title"))
            .col(ddl.integer("create_time")),
    );

    // The time of day reads differently on each engine.
    let main = "INSERT INTO location (location_id, title, create_time) VALUES ('main', 'Main',";
    let seconds = "CAST(strftime('%s', 'now') AS INTEGER)";
    ddl.on(Engine::Sqlite, &format!("{main} {seconds} * 1000000)"));
    let seconds = "CAST(extract(epoch FROM now()) AS BIGINT)";
    ddl.on(Engine::Postgres, &format!("{main} {seconds} * 1000000)"));
}

/// What is where. Rows are never deleted. Their keys sort by bytes, as in the program: one lock
/// order for all.
fn stock(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("stock")
            .col(ddl.key_text("sku"))
            .col(ddl.key_text("location_id"))
            .col(ddl.integer("on_hand"))
            .col(ddl.integer("reserved"))
            .col(ddl.integer("update_time"))
            .primary_key(Index::create().col("sku").col("location_id"))
            .check((
                "stock_is_not_over_promised",
                Expr::cust("0 <= reserved AND reserved <= on_hand"),
            )),
    );
    ddl.leave_space_for_updates("stock");
}

/// Other rows refer to the number, not to the id that a caller chose: it grows, so that they are
/// written side by side.
fn reservation(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("reservation")
            .col(ddl.number("number"))
            .col(
                ddl.bytes("reservation_id")
                    .unique_key()
                    .check(Expr::cust("length(reservation_id) = 16")),
            )
            .col(ddl.integer("state").check(Expr::col("state").between(1, 5)))
            .col(ddl.integer("expire_time"))
            .col(ddl.integer("create_time"))
            .col(ddl.integer("update_time")),
    );

    // The work list of the expiry: holds (state 1) by the end of their time.
    ddl.index(
        Index::create()
            .name("reservation_due")
            .table("reservation")
            .col("expire_time")
            .and_where(Expr::col("state").eq(1)),
    );

    // What a list by state and the retention walk along.
    ddl.index(
        Index::create()
            .name("reservation_by_state")
            .table("reservation")
            .col("state")
            .col("update_time")
            .col("number"),
    );
}

fn reservation_line(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("reservation_line")
            .col(ddl.integer("reservation"))
            .col(ddl.key_text("sku"))
            .col(ddl.key_text("location_id"))
            .col(ddl.integer("quantity").check(Expr::col("quantity").gt(0)))
            .col(
                ddl.integer("returned").check(Expr::cust("0 <= returned AND returned <= quantity")),
            )
            .primary_key(Index::create().col("reservation").col("sku").col("location_id")),
    );
}

/// Every change of every stock. Append-only.
fn movement(ddl: &mut Ddl) {
    ddl.create(
        Table::create()
            .table("movement")
            .col(ddl.number("number"))
            .col(ddl.bytes("movement_id").check(Expr::cust("length(movement_id) = 16")))
            .col(ddl.key_text("sku"))
            .col(ddl.key_text("location_id"))
            .col(ddl.integer("kind").check(Expr::col("kind").between(1, 7)))
            .col(ddl.integer("on_hand_change"))
            .col(ddl.integer("reserved_change"))
            .col(ddl.bytes("reservation_id").null())
            .col(ddl.integer("create_time"))
            .col(ddl.integer("effective_time"))
            .col(ddl.text("note")),
    );

    ddl.index(Index::create().name("movement_by_sku").table("movement").col("sku").col("number"));

    ddl.refuse_on_sqlite(
        "movement_never_changes",
        "UPDATE ON movement",
        "table movement is append-only",
    );
    ddl.refuse_on_sqlite(
        "movement_is_never_deleted",
        "DELETE ON movement",
        "table movement is append-only",
    );
    ddl.refuse_on_postgres(
        "movement_never_changes",
        "UPDATE OR DELETE ON movement FOR EACH ROW",
        "souk_refuse_change",
    );
    ddl.refuse_on_postgres(
        "movement_is_never_emptied",
        "TRUNCATE ON movement FOR EACH STATEMENT",
        "souk_refuse_change",
    );
}

fn owner(ddl: &mut Ddl) {
    // The order that a reservation belongs to, and when its last step happened in the world; NULL
    // in reservations that are older than these columns.
    ddl.alter(
        Table::alter()
            .table("reservation")
            .add_column(ddl.bytes("order_id").null().check(Expr::cust("length(order_id) = 16"))),
    );
    ddl.alter(Table::alter().table("reservation").add_column(ddl.integer("effective_time").null()));
}

/// The service that made a reservation, and alone may change it.
fn made_by(ddl: &mut Ddl) {
    ddl.alter(Table::alter().table("reservation").add_column(ddl.text("owner").default("")));
    // Until now only the orders service could reserve.
    ddl.run("UPDATE reservation SET owner = 'service:orders'");
}

fn policies_and_parts(ddl: &mut Ddl) {
    locations_that_change(ddl);
    stock_beyond_what_is_on_hand(ddl);
    stock_policy(ddl);
    parts_of_reservations(ddl);
    actors_of_movements(ddl);
}

/// Locations have an address, a priority and a version, and can be inactive.
fn locations_that_change(ddl: &mut Ddl) {
    let columns = [
        ddl.integer("update_time").default(0).take(),
        ddl.bytes("address").null().take(),
        ddl.integer("priority").default(0).take(),
        ddl.integer("is_active").default(1).check(Expr::cust("is_active IN (0, 1)")).take(),
        ddl.integer("version").default(1).take(),
    ];
    for column in columns {
        ddl.alter(Table::alter().table("location").add_column(column));
    }
    ddl.run("UPDATE location SET update_time = create_time");
}

/// How many units of a stock may be promised beyond those on hand.
fn stock_beyond_what_is_on_hand(ddl: &mut Ddl) {
    let check = "0 <= on_hand AND 0 <= backorder_limit AND 0 <= reserved AND reserved <= on_hand + backorder_limit";
    if ddl.engine() == Engine::Sqlite {
        // SQLite changes a CHECK by making the table again.
        ddl.create_without_rowid(
            Table::create()
                .table("stock_again")
                .col(ddl.key_text("sku"))
                .col(ddl.key_text("location_id"))
                .col(ddl.integer("on_hand"))
                .col(ddl.integer("reserved"))
                .col(ddl.integer("update_time"))
                .col(ddl.integer("backorder_limit").default(0))
                .primary_key(Index::create().col("sku").col("location_id"))
                .check(("stock_is_not_over_promised", Expr::cust(check))),
        );
        ddl.run(
            "INSERT INTO stock_again (sku, location_id, on_hand, reserved, update_time) \
             SELECT sku, location_id, on_hand, reserved, update_time FROM stock",
        );
        ddl.run("DROP TABLE stock");
        ddl.run("ALTER TABLE stock_again RENAME TO stock");
    } else {
        let limit = ddl.integer("backorder_limit").default(0).take();
        ddl.alter(Table::alter().table("stock").add_column(limit));
        ddl.run("ALTER TABLE stock DROP CONSTRAINT stock_is_not_over_promised");
        ddl.run(&format!(
            "ALTER TABLE stock ADD CONSTRAINT stock_is_not_over_promised CHECK ({check})"
        ));
    }
    // Neither quantity is in an index: a sale would have to write it.
    ddl.index(
        Index::create().name("stock_by_location").table("stock").col("location_id").col("sku"),
    );
}

/// How skus may be sold. A sku without a row is tracked.
fn stock_policy(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("stock_policy")
            .col(ddl.key_text("sku").primary_key())
            .col(ddl.integer("policy").check(Expr::col("policy").between(1, 3)))
            .col(ddl.integer("backorder_limit").check(Expr::col("backorder_limit").gte(0)))
            .col(ddl.key_text("backorder_location_id"))
            .col(ddl.integer("expected_time").null())
            .col(ddl.integer("low_quantity").check(Expr::col("low_quantity").gte(0)))
            .col(ddl.integer("version"))
            .col(ddl.integer("update_time").null()),
    );
}

/// What left and what was released of a line before its reservation ended, and the keys of these
/// steps.
fn parts_of_reservations(ddl: &mut Ddl) {
    let parts = "0 <= consumed AND 0 <= released AND consumed + released <= quantity";
    let columns = [
        ddl.integer("consumed").default(0).take(),
        ddl.integer("released").default(0).check(Expr::cust(parts)).take(),
        ddl.integer("is_untracked").default(0).check(Expr::cust("is_untracked IN (0, 1)")).take(),
    ];
    for column in columns {
        ddl.alter(Table::alter().table("reservation_line").add_column(column));
    }
    ddl.index(
        Index::create()
            .name("reservation_line_by_sku")
            .table("reservation_line")
            .col("sku")
            .col("reservation"),
    );
    ddl.index(
        Index::create()
            .name("reservation_by_order")
            .table("reservation")
            .col("order_id")
            .col("number")
            .and_where(Expr::col("order_id").is_not_null()),
    );
    ddl.create_without_rowid(
        Table::create()
            .table("reservation_step")
            .col(ddl.integer("reservation"))
            .col(ddl.key_text("request_id"))
            .col(ddl.integer("kind").check(Expr::col("kind").between(1, 7)))
            .col(ddl.bytes("lines_hash").check(Expr::cust("length(lines_hash) = 32")))
            .primary_key(Index::create().col("reservation").col("request_id")),
    );
}

/// Who caused a movement, empty for those from before; and what movements are looked for by, each
/// in the order of their time.
fn actors_of_movements(ddl: &mut Ddl) {
    let actor = ddl.text("actor").default("").take();
    ddl.alter(Table::alter().table("movement").add_column(actor));
    ddl.run("DROP INDEX movement_by_sku");
    for (name, column) in [("movement_by_sku", "sku"), ("movement_by_location", "location_id")] {
        let index = Index::create().name(name).table("movement").col(column).take();
        ddl.index(index.clone().col("create_time").col("number"));
    }
    ddl.index(
        Index::create()
            .name("movement_by_reservation")
            .table("movement")
            .col("reservation_id")
            .col("create_time")
            .col("number")
            .and_where(Expr::col("reservation_id").is_not_null()),
    );
    ddl.index(
        Index::create().name("movement_by_time").table("movement").col("create_time").col("number"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_those_that_were_committed() {
        SCHEMA.check_statements(env!("CARGO_MANIFEST_DIR"));
    }
}
