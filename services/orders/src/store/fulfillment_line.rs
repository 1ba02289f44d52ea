//! The lines of fulfillments.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use souk_data::{Tx, rows};
use souk_types::FulfillmentId;

use crate::error::Error;
use crate::part::Units;

/// Units of one line of an order that leave.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fulfillment_lines")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub fulfillment_id: FulfillmentId,
    /// Counts the lines of a fulfillment from 1, by their numbers.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    pub line_number: i64,
    pub quantity: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds the lines of a fulfillment.
pub async fn insert(tx: &Tx, id: FulfillmentId, lines: &[Units]) -> Result<(), Error> {
    let rows = lines.iter().zip(1..).map(|(units, position)| ActiveModel {
        fulfillment_id: Set(id),
        position: Set(position),
        line_number: Set(units.number),
        quantity: Set(units.quantity),
    });
    Ok(rows::insert_all(tx, &rows.collect::<Vec<_>>()).await?)
}

/// Deletes the lines of a fulfillment.
pub async fn delete(tx: &Tx, id: FulfillmentId) -> Result<(), Error> {
    Entity::delete_many().filter(Column::FulfillmentId.eq(id)).exec(tx).await?;
    Ok(())
}
