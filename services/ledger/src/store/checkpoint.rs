//! Checkpoints: the balance of an account right after some of its transfers. `batch.rs` adds them.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use souk_data::{Find, Reader, given};
use souk_types::Timestamp;

use crate::account::AccountNumber;
use crate::balance::Balance;
use crate::entry::Checkpoint;
use crate::error::Error;

/// A balance of an account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "checkpoint")]
pub struct Model {
    /// The number of the account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub create_time: Timestamp,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub debits_pending: i64,
    pub debits_posted: i64,
    pub credits_pending: i64,
    pub credits_posted: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Checkpoint {
    fn from(row: Model) -> Self {
        Checkpoint {
            account: row.account,
            sequence: row.sequence,
            create_time: row.create_time,
            balance: Balance {
                debits_pending: row.debits_pending,
                debits_posted: row.debits_posted,
                credits_pending: row.credits_pending,
                credits_posted: row.credits_posted,
            },
        }
    }
}

static AFTER: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::Account.eq(given(0)))
        .filter(Column::CreateTime.gt(given(1)))
        .order_by_asc(Column::CreateTime)
        .order_by_asc(Column::Sequence)
        .limit(1)
});

/// Returns the first checkpoint of an account that is later than `at`.
pub async fn first_after(
    reader: &Reader,
    account: AccountNumber,
    at: Timestamp,
) -> Result<Option<Checkpoint>, Error> {
    Ok(AFTER.one(reader, [account.into(), at.into()]).await?.map(Checkpoint::from))
}
