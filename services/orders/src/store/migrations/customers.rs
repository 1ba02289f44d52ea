//! Customers become ids, and keep the keys of their requests themselves; guests can be claimed.

use sea_orm::sea_query::{ConditionalStatement, Expr, ExprTrait, Index, Table};
use souk_contract::customer_of;
use souk_data::{Ddl, Engine};

pub(super) fn up(ddl: &mut Ddl) {
    public_prices(ddl);
    customers(ddl);
    request_keys(ddl);
    guest_claims(ddl);
}

/// Whether only prices for everyone count was read off the key: a user's own request.
fn public_prices(ddl: &mut Ddl) {
    let column = ddl.integer("public_prices").default(0).take();
    ddl.alter(Table::alter().table("orders").add_column(column));
    ddl.run("UPDATE orders SET public_prices = 1 WHERE request_key LIKE 'user:%'");
}

/// Customers were the names of users; an order of a guest had none, and still has none.
fn customers(ddl: &mut Ddl) {
    ddl.rewrite("orders", "customer_id", "customer_of_user", |name| {
        if name.is_empty() {
            String::new()
        } else {
            customer_of(&format!("user:{name}")).to_string()
        }
    });
}

/// A customer keeps the keys of its orders, also of those that a service placed for it. The first
/// order keeps the key where several would have the same.
fn request_keys(ddl: &mut Ddl) {
    // The request named its customer in another way, so that no repeat has the same hash.
    ddl.on(Engine::Sqlite, "UPDATE orders SET request_hash = x'' WHERE customer_id <> ''");
    ddl.on(Engine::Postgres, "UPDATE orders SET request_hash = ''::bytea WHERE customer_id <> ''");
    for (engine, id) in [
        (Engine::Sqlite, "substr(o.request_key, instr(o.request_key, char(10)))"),
        (Engine::Postgres, "substr(o.request_key, strpos(o.request_key, chr(10)))"),
    ] {
        let customers = format!(
            "SELECT o.order_id, o.customer_id || {id} AS own_key, ROW_NUMBER() OVER \
             (PARTITION BY o.customer_id, {id} ORDER BY CASE WHEN o.request_key LIKE 'user:%' \
             THEN 0 ELSE 1 END, o.order_id) AS position FROM orders o WHERE o.customer_id <> ''"
        );
        ddl.on(
            engine,
            &format!(
                "UPDATE orders SET request_key = keyed.own_key FROM ({customers}) AS keyed \
                 WHERE keyed.order_id = orders.order_id AND keyed.position = 1"
            ),
        );
    }
}

fn guest_claims(ddl: &mut Ddl) {
    ddl.create_without_rowid(
        Table::create()
            .table("guest_claims")
            .col(ddl.key_text("guest_customer_id").primary_key())
            .col(ddl.text("customer_id"))
            .col(ddl.text("actor"))
            .col(ddl.integer("order_count"))
            .col(ddl.integer("create_time"))
            // None while an order may still be the guest's.
            .col(ddl.integer("done_time").null()),
    );
    ddl.index(
        Index::create().name("guest_claims_of_customer").table("guest_claims").col("customer_id"),
    );
    ddl.index(
        Index::create()
            .name("guest_claims_open")
            .table("guest_claims")
            .col("create_time")
            .and_where(Expr::col("done_time").is_null()),
    );
}
