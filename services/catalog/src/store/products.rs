//! Products: reading, listing and writing their rows.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QueryOrder, QuerySelect, Set};
use souk_data::{Error as DataError, Find, Reader, Tx, given, rows};
use souk_types::{ProductId, Timestamp};

use crate::convert::{labels_of, labels_text};
use crate::error::Error;
use crate::product::{Audience, Product, after_prefix, title_key};
use crate::state::State;

/// Something that the shop sells or has sold.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "products")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: ProductId,
    pub title: String,
    /// What lists are sorted and searched by: see [`title_key`].
    pub title_key: Vec<u8>,
    pub description: String,
    pub state: State,
    /// A JSON object of texts.
    pub labels: String,
    pub external_key: Option<String>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Product {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self, Error> {
        Ok(Product {
            id: row.product_id,
            title: row.title,
            description: row.description,
            state: row.state,
            labels: labels_of(&row.labels)?,
            external_key: row.external_key,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

impl From<&Product> for ActiveModel {
    fn from(product: &Product) -> Self {
        ActiveModel {
            product_id: Set(product.id),
            title: Set(product.title.clone()),
            title_key: Set(title_key(&product.title)),
            description: Set(product.description.clone()),
            state: Set(product.state),
            labels: Set(labels_text(&product.labels)),
            external_key: Set(product.external_key.clone()),
            version: Set(product.version),
            create_time: Set(product.create_time),
            update_time: Set(product.update_time),
        }
    }
}

/// Which products a list has.
#[derive(Clone, Debug)]
pub struct Filter {
    pub audience: Audience,
    pub state: Option<State>,
    /// The start of the title, in any letter case; empty for all.
    pub title_prefix: String,
    pub updated_after: Option<Timestamp>,
}

/// The sort key of a product in lists: the key of its title, and its id.
pub type Position = (Vec<u8>, ProductId);

static BY_ID: Find<Entity> = Find::new(|| Entity::find().filter(Column::ProductId.eq(given(0))));

/// Returns a product. Fails with [`Error::ProductNotFound`].
pub async fn find(reader: &Reader, id: ProductId) -> Result<Product, Error> {
    BY_ID.one(reader, [id.into()]).await?.ok_or(Error::ProductNotFound(id))?.try_into()
}

/// Returns at most `limit` products after a position, by title and id.
pub async fn list(
    reader: &Reader,
    filter: &Filter,
    after: Option<&Position>,
    limit: i64,
) -> Result<Vec<Product>, Error> {
    let mut found = Entity::find()
        .order_by_asc(Column::TitleKey)
        .order_by_asc(Column::ProductId)
        .limit(limit as u64);
    if let Some((title_key, id)) = after {
        let position = Expr::tuple([Column::TitleKey.into_expr(), Column::ProductId.into_expr()]);
        let after = Expr::tuple([Expr::val(title_key.clone()), Expr::val(*id)]);
        found = found.filter(position.gt(after));
    }
    let from = title_key(&filter.title_prefix);
    if !from.is_empty() {
        let until = after_prefix(from.clone());
        found = found.filter(Column::TitleKey.gte(from)).filter(Column::TitleKey.lt(until));
    }
    if let Some(state) = filter.state {
        found = found.filter(Column::State.eq(state));
    }
    if filter.audience == Audience::Public {
        found = found.filter(Column::State.ne(State::Draft));
    }
    if let Some(time) = filter.updated_after {
        found = found.filter(Column::UpdateTime.gt(time));
    }
    found.all(reader).await?.into_iter().map(Product::try_from).collect()
}

/// Inserts new products; returns how many were not there before.
pub async fn insert(tx: &Tx, products: &[Product]) -> Result<u64, Error> {
    let rows: Vec<ActiveModel> = products.iter().map(Into::into).collect();
    Ok(rows::insert_missing(tx, &rows).await?)
}

/// Writes a product as it has become. **Invariant:** the version grows by exactly one.
pub async fn update(tx: &Tx, product: &Product) -> Result<(), Error> {
    let changed = ActiveModel {
        title: Set(product.title.clone()),
        title_key: Set(title_key(&product.title)),
        description: Set(product.description.clone()),
        state: Set(product.state),
        labels: Set(labels_text(&product.labels)),
        version: Set(product.version),
        update_time: Set(product.update_time),
        ..Default::default()
    };
    let update = Entity::update_many()
        .set(changed)
        .filter(Column::ProductId.eq(product.id))
        .filter(Column::Version.eq(product.version - 1));
    if update.exec(tx).await?.rows_affected == 1 { Ok(()) } else { Err(DataError::Conflict.into()) }
}
