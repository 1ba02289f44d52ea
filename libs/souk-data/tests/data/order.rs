//! An entity whose columns are of our own types.

use sea_orm::entity::prelude::*;
use souk_types::{EventId, OrderId, Timestamp};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrderId,
    pub event_id: Option<EventId>,
    pub placed_time: Timestamp,
    pub paid_time: Option<Timestamp>,
    pub mood: Mood,
    pub mood_before: Option<Mood>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum Mood {
    Calm = 1,
    Hungry = 2,
    Angry = 3,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
