//! The lines of refunds.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use souk_data::{Tx, rows};
use souk_types::RefundId;

use crate::error::Error;
use crate::order::RefundLine;

/// Units of one line of an order that are refunded.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund_lines")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub refund_id: RefundId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub line_number: i64,
    pub quantity: i64,
    pub amount_minor: i64,
    pub restock: i64,
    /// 0 when its units only came back.
    pub is_refunded: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for RefundLine {
    fn from(row: Model) -> Self {
        RefundLine {
            number: row.line_number,
            quantity: row.quantity,
            amount: row.amount_minor,
            restock: row.restock != 0,
            is_refunded: row.is_refunded != 0,
        }
    }
}

/// Adds the lines of a refund.
pub async fn insert(tx: &Tx, refund: RefundId, lines: &[RefundLine]) -> Result<(), Error> {
    let rows = lines.iter().map(|line| ActiveModel {
        refund_id: Set(refund),
        line_number: Set(line.number),
        quantity: Set(line.quantity),
        amount_minor: Set(line.amount),
        restock: Set(line.restock.into()),
        is_refunded: Set(line.is_refunded.into()),
    });
    Ok(rows::insert_all(tx, &rows.collect::<Vec<_>>()).await?)
}

/// Writes the lines of a refund as they have become.
pub async fn replace(tx: &Tx, refund: RefundId, lines: &[RefundLine]) -> Result<(), Error> {
    Entity::delete_many().filter(Column::RefundId.eq(refund)).exec(tx).await?;
    insert(tx, refund, lines).await
}
