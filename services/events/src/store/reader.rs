//! The replicas that have consumers of a subscription, which share its partitions.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use souk_data::{Error, Tx};
use souk_types::Timestamp;

/// A replica, until its time is over.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reader")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub subscription: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub replica: String,
    pub until: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a replica or gives it more time, and removes those whose time is over. Returns how many
/// there are now.
pub(super) async fn renew(tx: &Tx, row: Model, now: Timestamp) -> Result<u64, Error> {
    let Model { subscription, replica, until } = row;
    let key = [Column::Subscription, Column::Replica];
    Entity::insert(ActiveModel {
        subscription: Set(subscription),
        replica: Set(replica),
        until: Set(until),
    })
    .on_conflict(OnConflict::columns(key).update_column(Column::Until).to_owned())
    .exec_without_returning(tx)
    .await?;
    let of_subscription = Column::Subscription.eq(subscription);
    Entity::delete_many()
        .filter(of_subscription.clone())
        .filter(Column::Until.lt(now))
        .exec(tx)
        .await?;
    Ok(Entity::find().filter(of_subscription).count(tx).await?)
}

/// Removes a replica that has no consumers any more.
pub async fn delete(tx: &Tx, (subscription, replica): &(i64, String)) -> Result<(), Error> {
    Entity::delete_by_id((*subscription, replica.clone())).exec(tx).await?;
    Ok(())
}
