//! The lines of cancellations.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use souk_data::{Tx, rows};
use souk_types::CancellationId;

use crate::error::Error;
use crate::part::CanceledUnits;

/// Units of one line of an order that are canceled.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cancellation_lines")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub cancellation_id: CancellationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub line_number: i64,
    pub quantity: i64,
    pub amount_minor: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for CanceledUnits {
    fn from(row: Model) -> Self {
        CanceledUnits { number: row.line_number, quantity: row.quantity, amount: row.amount_minor }
    }
}

/// Adds the lines of a cancellation.
pub async fn insert(
    tx: &Tx,
    cancellation: CancellationId,
    lines: &[CanceledUnits],
) -> Result<(), Error> {
    let rows = lines.iter().map(|line| ActiveModel {
        cancellation_id: Set(cancellation),
        line_number: Set(line.number),
        quantity: Set(line.quantity),
        amount_minor: Set(line.amount),
    });
    Ok(rows::insert_all(tx, &rows.collect::<Vec<_>>()).await?)
}

/// Deletes the lines of a cancellation.
pub async fn delete(tx: &Tx, cancellation: CancellationId) -> Result<(), Error> {
    Entity::delete_many().filter(Column::CancellationId.eq(cancellation)).exec(tx).await?;
    Ok(())
}
