//! The history says which fields of an order UpdateOrder changed.

use sea_orm::sea_query::Table;
use souk_data::Ddl;

pub(super) fn up(ddl: &mut Ddl) {
    let column = ddl.text("updated_fields").null().take();
    ddl.alter(Table::alter().table("order_history").add_column(column));
}
