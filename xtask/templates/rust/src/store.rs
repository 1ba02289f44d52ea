//! All SQL: the queries. The entity is in `entry.rs`.

mod migrations;

use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, NotSet, QueryOrder, QuerySelect};
use souk_chassis::Report;
use souk_data::{Db, Error, Find, Reader, Tx, given, given_limit};
use souk_types::CustomerId;

use crate::entry::{ActiveModel, Column, Entity, Model};

pub use migrations::SCHEMA;

/// Adds an entry.
pub async fn insert(tx: &Tx, entry: Model) -> Result<(), Error> {
    let row = ActiveModel { number: NotSet, ..entry.into_active_model() };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Returns how many entries a customer has.
pub async fn count(reader: &Reader, customer: CustomerId) -> Result<u64, Error> {
    Ok(Entity::find().filter(Column::CustomerId.eq(customer)).count(reader).await?)
}

// Built once, since every customer's visit runs it.
static RECENT: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::CustomerId.eq(given(0)))
        .order_by_desc(Column::Number)
        .limit(given_limit(1))
});

/// Returns a customer's entries, the newest first.
pub async fn recent(reader: &Reader, customer: CustomerId, most: u64) -> Result<Vec<Model>, Error> {
    RECENT.all(reader, [customer.into(), most.into()]).await
}

/// Checks the invariants on one state of the data: what must hold whatever happened before, and how
/// much was checked.
pub async fn check(db: Db) -> Result<Report, Error> {
    db.snapshot(|snapshot| async move {
        let mut report = Report::default();
        let silent = Entity::find().filter(Column::Text.eq("")).limit(Report::MAX_FINDINGS);
        for entry in silent.all(&snapshot).await? {
            report.add("an entry says something", entry.entry_id, "its text is empty");
        }
        report.count("entries", Entity::find().count(&snapshot).await? as i64);
        Ok(report)
    })
    .await
}
