//! The numbers of orders: the next one that no replica has taken.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use souk_data::Tx;

use crate::error::Error;

/// The one row of the counter.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_numbers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub next_number: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Takes this many numbers in a row and returns the first.
pub async fn take(tx: &Tx, count: &i64) -> Result<i64, Error> {
    Entity::update_many()
        .col_expr(Column::NextNumber, Expr::col(Column::NextNumber).add(*count))
        .exec(tx)
        .await?;
    // The update holds the row, so no one else has moved it since.
    let row = Entity::find().one(tx).await?;
    let next = row.ok_or(Error::Unreadable("the counter of order numbers"))?.next_number;
    Ok(next - count)
}
