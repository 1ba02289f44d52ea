//! Several payments of one order. Orders with one payment have no rows in the new table.

use sea_orm::sea_query::{Expr, ExprTrait, ForeignKey, Index, Table};
use souk_data::Ddl;

pub(super) fn up(ddl: &mut Ddl) {
    let count = ddl.integer("payment_count").default(1).take();
    ddl.alter(Table::alter().table("orders").add_column(count));
    // The one payment that a refund went back from, when that was decided elsewhere.
    let payment = ddl.bytes("payment_id").null().take();
    ddl.alter(Table::alter().table("refunds").add_column(payment));
    ddl.create_without_rowid(
        Table::create()
            .table("order_payments")
            .col(ddl.bytes("order_id"))
            .col(ddl.integer("number").check(Expr::col("number").gte(1)))
            // None of the one that pays the rest, until the prices are frozen.
            .col(ddl.integer("amount_minor").null())
            .col(ddl.text("payment_method").null())
            .col(ddl.integer("is_authorized").default(0))
            .col(ddl.integer("captured_minor").default(0))
            .col(ddl.integer("paid_back_minor").default(0))
            .col(ddl.integer("tries").default(1))
            .foreign_key(ForeignKey::create().from_col("order_id").to("orders", "order_id"))
            .primary_key(Index::create().col("order_id").col("number"))
            .check(Expr::cust("paid_back_minor BETWEEN 0 AND captured_minor"))
            .check(Expr::cust("captured_minor <= COALESCE(amount_minor, 0)")),
    );
}
