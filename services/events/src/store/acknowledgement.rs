//! Acknowledgements for another replica: those that a unary call brought here, of partitions that
//! are leased there.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use souk_data::{Error, Find, Tx, given};
use souk_types::Timestamp;

/// What consumers say of deliveries, encoded as a SubscribeUpdate.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "acknowledgement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub subscription: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub replica: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub acknowledgement_id: Vec<u8>,
    pub message: Vec<u8>,
    pub create_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Leaves messages for replicas.
pub async fn insert(
    tx: &Tx,
    (subscription, messages, now): &(i64, Vec<(String, Vec<u8>)>, Timestamp),
) -> Result<(), Error> {
    for (replica, message) in messages {
        let row = ActiveModel {
            subscription: Set(*subscription),
            replica: Set(replica.clone()),
            acknowledgement_id: Set(rand::random::<[u8; 16]>().to_vec()),
            message: Set(message.clone()),
            create_time: Set(*now),
        };
        Entity::insert(row).exec_without_returning(tx).await?;
    }
    Ok(())
}

static FOR_REPLICA: Find<Entity> = Find::new(|| {
    Entity::find().filter(Column::Subscription.eq(given(0))).filter(Column::Replica.eq(given(1)))
});

/// Takes the messages for a replica.
pub async fn take(tx: &Tx, (subscription, replica): &(i64, String)) -> Result<Vec<Vec<u8>>, Error> {
    let found = FOR_REPLICA.all(tx, [(*subscription).into(), replica.as_str().into()]).await?;
    for row in &found {
        let key = (row.subscription, row.replica.clone(), row.acknowledgement_id.clone());
        Entity::delete_by_id(key).exec(tx).await?;
    }
    Ok(found.into_iter().map(|row| row.message).collect())
}

/// Deletes the messages of a subscription for replicas that are gone: those left before a time.
pub async fn delete_before(
    tx: &Tx,
    (subscription, before): &(i64, Timestamp),
) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::Subscription.eq(*subscription))
        .filter(Column::CreateTime.lt(*before))
        .exec(tx)
        .await?;
    Ok(())
}
