//! The journal: the outcome of every step of every saga. Rows are only added; a trigger rejects
//! everything else.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use souk_data::{Tx, rows};
use souk_types::{OrderId, Timestamp};

use crate::actor::Actor;
use crate::error::Error;
use crate::saga::Saga;
use crate::step::{Kind, Step};

/// What came of one step, as it was decided.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: OrderId,
    /// Counts the entries of an order from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry: i64,
    pub kind: Kind,
    pub step: Step,
    pub outcome: String,
    pub lease_epoch: i64,
    pub entry_time: Timestamp,
    /// Who asked for the operation, or for the repair; empty in what earlier versions stored.
    pub actor: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds what came of the step that a saga is at, as the entry with this number.
pub async fn insert(
    tx: &Tx,
    saga: &Saga,
    entry: i64,
    outcome: &str,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let row = ActiveModel {
        order_id: Set(saga.order),
        entry: Set(entry),
        kind: Set(saga.kind),
        step: Set(saga.step),
        outcome: Set(outcome.to_owned()),
        lease_epoch: Set(saga.epoch),
        entry_time: Set(now),
        actor: Set(actor.0),
    };
    Ok(rows::insert_all(tx, &[row]).await?)
}
