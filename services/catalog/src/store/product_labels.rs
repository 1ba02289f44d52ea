//! The labels of products once more, so that products are found by them.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{QuerySelect, QueryTrait, Set};
use souk_data::{Tx, rows};
use souk_types::ProductId;

use crate::error::Error;
use crate::product::Product;

/// One label of a product.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product_labels")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub label_key: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub label_value: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: ProductId,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Returns the query for the ids of the products that have a label.
pub fn products_with(key: &str, value: &str) -> SelectStatement {
    Entity::find()
        .select_only()
        .column(Column::ProductId)
        .filter(Column::LabelKey.eq(key))
        .filter(Column::LabelValue.eq(value))
        .into_query()
}

/// Inserts the labels of products that have none yet.
pub async fn insert(tx: &Tx, products: &[Product]) -> Result<(), Error> {
    let rows: Vec<ActiveModel> = products.iter().flat_map(rows_of).collect();
    Ok(rows::insert_all(tx, &rows).await?)
}

/// Replaces the labels of a product.
pub async fn replace(tx: &Tx, product: &Product) -> Result<(), Error> {
    Entity::delete_many().filter(Column::ProductId.eq(product.id)).exec(tx).await?;
    let rows: Vec<ActiveModel> = rows_of(product).collect();
    Ok(rows::insert_all(tx, &rows).await?)
}

fn rows_of(product: &Product) -> impl Iterator<Item = ActiveModel> + '_ {
    product.labels.iter().map(|(key, value)| ActiveModel {
        label_key: Set(key.clone()),
        label_value: Set(value.clone()),
        product_id: Set(product.id),
    })
}
