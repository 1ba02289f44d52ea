//! What providers take back: captures, and refunds that had succeeded.

use sea_orm::sea_query::{Expr, ExprTrait, ForeignKey, Index, Table};
use souk_data::Ddl;

pub(super) fn up(ddl: &mut Ddl) {
    let column = ddl.integer("reversed_minor").default(0).take();
    ddl.alter(Table::alter().table("orders").add_column(column));
    let column = ddl.integer("is_reversed").default(0).take();
    ddl.alter(Table::alter().table("refunds").add_column(column));
    ddl.create(
        Table::create()
            .table("reversed_captures")
            .col(ddl.bytes("capture_id").primary_key())
            .col(ddl.bytes("order_id"))
            .col(ddl.bytes("payment_id"))
            .col(ddl.integer("amount_minor").check(Expr::col("amount_minor").gte(1)))
            .col(ddl.integer("create_time"))
            .foreign_key(ForeignKey::create().from_col("order_id").to("orders", "order_id")),
    );
    ddl.index(
        Index::create()
            .name("reversed_captures_of_order")
            .table("reversed_captures")
            .col("order_id"),
    );
}
