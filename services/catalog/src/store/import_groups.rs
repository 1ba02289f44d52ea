//! Imports that are not done: their items in groups, each stored as a row until it has results.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{QueryOrder, Set};
use souk_data::{Reader, Tx, rows};
use souk_types::OperationId;

use crate::error::Error;

/// Some items of an import, which are imported in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_groups")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation_id: OperationId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub group_number: i64,
    /// ImportedProducts, each after its length; empty when they are imported.
    pub items: Vec<u8>,
    /// An encoded ImportProductsResult, when they are imported.
    pub results: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Stores a group.
pub async fn insert(tx: &Tx, id: OperationId, number: i64, items: &[u8]) -> Result<(), Error> {
    let row = ActiveModel {
        operation_id: Set(id),
        group_number: Set(number),
        items: Set(items.to_vec()),
        results: Set(None),
    };
    Ok(rows::insert_all(tx, &[row]).await?)
}

/// Returns the items of a group; none when there are no more groups.
pub async fn find(reader: &Reader, id: OperationId, number: i64) -> Result<Option<Vec<u8>>, Error> {
    Ok(Entity::find_by_id((id, number)).one(reader).await?.map(|group| group.items))
}

/// Replaces the items of a group by their results.
pub async fn record(tx: &Tx, id: OperationId, number: i64, results: &[u8]) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::Items, Expr::value(Vec::<u8>::new()))
        .col_expr(Column::Results, Expr::value(results.to_vec()))
        .filter(Column::OperationId.eq(id))
        .filter(Column::GroupNumber.eq(number))
        .exec(tx)
        .await?;
    Ok(())
}

/// Returns the results of all groups, in their order, as one encoded message: those of one list
/// follow each other.
pub async fn results(reader: &Reader, id: OperationId) -> Result<Vec<u8>, Error> {
    let groups = Entity::find()
        .filter(Column::OperationId.eq(id))
        .order_by_asc(Column::GroupNumber)
        .all(reader)
        .await?;
    Ok(groups.into_iter().filter_map(|group| group.results).flatten().collect())
}

/// Deletes the groups of an import.
pub async fn delete(tx: &Tx, id: OperationId) -> Result<(), Error> {
    Entity::delete_many().filter(Column::OperationId.eq(id)).exec(tx).await?;
    Ok(())
}

/// Deletes groups that were stored for an operation older than this one, which was never started.
pub async fn delete_abandoned(tx: &Tx, before: OperationId) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::OperationId.lt(before))
        .filter(Expr::cust("operation_id NOT IN (SELECT operation_id FROM souk_operations)"))
        .exec(tx)
        .await?;
    Ok(())
}
