//! The policies of skus. A sku without a row has the policy that none was set for.

use std::collections::BTreeMap;

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::LockType;
use sea_orm::{IntoActiveModel, QuerySelect};
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::Timestamp;

use crate::error::Error;
use crate::policy::{Policy, StockPolicy};

/// The policy of one sku. Rows are never deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock_policy")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sku: String,
    pub policy: Policy,
    pub backorder_limit: i64,
    pub backorder_location_id: String,
    pub expected_time: Option<Timestamp>,
    pub low_quantity: i64,
    pub version: i64,
    pub update_time: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for StockPolicy {
    fn from(row: Model) -> Self {
        StockPolicy {
            sku: row.sku,
            policy: row.policy,
            backorder_limit: row.backorder_limit,
            backorder_location: row.backorder_location_id,
            expected_time: row.expected_time,
            low_quantity: row.low_quantity,
            version: row.version,
            update_time: row.update_time,
        }
    }
}

impl From<StockPolicy> for Model {
    fn from(policy: StockPolicy) -> Self {
        Model {
            sku: policy.sku,
            policy: policy.policy,
            backorder_limit: policy.backorder_limit,
            backorder_location_id: policy.backorder_location,
            expected_time: policy.expected_time,
            low_quantity: policy.low_quantity,
            version: policy.version,
            update_time: policy.update_time,
        }
    }
}

static BY_SKU: Find<Entity> = Find::new(by_sku);
static LOCKED_BY_SKU: Find<Entity> = Find::new(|| by_sku().lock(LockType::Update));

fn by_sku() -> Select<Entity> {
    Entity::find().filter(Column::Sku.eq(given(0)))
}

/// Returns the policy of a sku.
pub async fn get(reader: &Reader, sku: String) -> Result<StockPolicy, Error> {
    let found = BY_SKU.one(reader, [(&*sku).into()]).await?;
    Ok(found.map_or_else(|| StockPolicy::of(sku), StockPolicy::from))
}

/// Locks the policy of a sku until the end of the write.
pub async fn lock(tx: &Tx, sku: &str) -> Result<StockPolicy, Error> {
    let initial = Model::from(StockPolicy::of(sku.to_owned()));
    rows::insert_missing(tx, &[initial.into_active_model()]).await?;
    let found = LOCKED_BY_SKU.one(tx, [sku.into()]).await?;
    found
        .map(StockPolicy::from)
        .ok_or_else(|| Error::Inconsistent(format!("the policy of {sku} was not inserted")))
}

/// Writes a policy that was locked before.
pub async fn update(tx: &Tx, policy: &StockPolicy) -> Result<(), Error> {
    let row = ActiveModel {
        sku: sea_orm::Unchanged(policy.sku.clone()),
        policy: Set(policy.policy),
        backorder_limit: Set(policy.backorder_limit),
        backorder_location_id: Set(policy.backorder_location.clone()),
        expected_time: Set(policy.expected_time),
        low_quantity: Set(policy.low_quantity),
        version: Set(policy.version),
        update_time: Set(policy.update_time),
    };
    Entity::update(row).validate()?.exec(tx).await?;
    Ok(())
}

/// Returns the policies that were set for some skus.
pub async fn of(reader: &Reader, skus: &[&str]) -> Result<BTreeMap<String, StockPolicy>, Error> {
    let mut policies = BTreeMap::new();
    for skus in rows::chunks(skus) {
        let found = Entity::find().filter(Column::Sku.is_in(skus.iter().copied())).all(reader);
        policies.extend(found.await?.into_iter().map(|row| (row.sku.clone(), row.into())));
    }
    Ok(policies)
}
