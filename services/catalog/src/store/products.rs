//! Products: reading, listing and writing their rows.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QueryOrder, QuerySelect, Set, Value};
use souk_data::page::Cursor;
use souk_data::{Error as DataError, Find, Reader, Tx, given, rows};
use souk_types::{ProductId, Timestamp};

use super::product_labels;
use crate::convert::{labels_of, labels_text};
use crate::error::Error;
use crate::product::{Product, after_prefix, title_key};
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
    /// A JSON object of texts.
    pub metadata: String,
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
            metadata: labels_of(&row.metadata)?,
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
            metadata: Set(labels_text(&product.metadata)),
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
    /// Products in one of these states; none of them when there is no state.
    pub states: Vec<State>,
    /// The start of the title, in any letter case; empty for all.
    pub title_prefix: String,
    /// The keys and values of labels that all must be there.
    pub labels: Vec<(String, String)>,
    /// Empty for all.
    pub external_key: String,
    /// The first moment of the last change.
    pub update_time_after: Option<Timestamp>,
}

/// What a list is sorted by, before the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Title,
    UpdateTime,
}

/// The position of a product in a list.
#[derive(Clone, Debug)]
pub enum Position {
    Title(Vec<u8>, ProductId),
    UpdateTime(Timestamp, ProductId),
}

impl Order {
    /// Reads a position in this order.
    pub fn position(self, cursor: &Cursor) -> Result<Position, DataError> {
        match self {
            Order::Title => Ok(Position::Title(cursor.get(0)?, cursor.get(1)?)),
            Order::UpdateTime => Ok(Position::UpdateTime(cursor.get(0)?, cursor.get(1)?)),
        }
    }

    /// Returns the function of the position of a product in this order.
    pub fn sorts_by(self) -> fn(&Product) -> Vec<Value> {
        match self {
            Order::Title => |product| vec![title_key(&product.title).into(), product.id.into()],
            Order::UpdateTime => |product| vec![product.update_time.into(), product.id.into()],
        }
    }
}

static BY_ID: Find<Entity> = Find::new(|| Entity::find().filter(Column::ProductId.eq(given(0))));

/// Returns a product. Fails with [`Error::ProductNotFound`].
pub async fn find(reader: &Reader, id: ProductId) -> Result<Product, Error> {
    BY_ID.one(reader, [id.into()]).await?.ok_or(Error::ProductNotFound(id))?.try_into()
}

/// Returns the products with these ids, in no order; at most 1,000 ids.
pub async fn by_ids(reader: &Reader, ids: &[ProductId]) -> Result<Vec<Product>, Error> {
    let found = Entity::find().filter(Column::ProductId.is_in(rows::padded(ids.to_vec())));
    found.all(reader).await?.into_iter().map(Product::try_from).collect()
}

/// Returns at most `limit` products after a position, in this order.
pub async fn list(
    reader: &Reader,
    filter: &Filter,
    order: Order,
    after: Option<&Position>,
    limit: i64,
) -> Result<Vec<Product>, Error> {
    if filter.states.is_empty() {
        return Ok(vec![]);
    }
    let column = match order {
        Order::Title => Column::TitleKey,
        Order::UpdateTime => Column::UpdateTime,
    };
    let mut found = Entity::find()
        .order_by_asc(column)
        .order_by_asc(Column::ProductId)
        .limit(limit as u64)
        .filter(Column::State.is_in(filter.states.iter().copied()));
    if let Some(after) = after {
        let position = Expr::tuple([column.into_expr(), Column::ProductId.into_expr()]);
        let after = match after {
            Position::Title(key, id) => [Expr::val(key.clone()), Expr::val(*id)],
            Position::UpdateTime(time, id) => [Expr::val(*time), Expr::val(*id)],
        };
        found = found.filter(position.gt(Expr::tuple(after)));
    }
    let from = title_key(&filter.title_prefix);
    if !from.is_empty() {
        let until = after_prefix(from.clone());
        found = found.filter(Column::TitleKey.gte(from)).filter(Column::TitleKey.lt(until));
    }
    for (key, value) in &filter.labels {
        let with_label = product_labels::products_with(key, value);
        found = found.filter(Column::ProductId.in_subquery(with_label));
    }
    if !filter.external_key.is_empty() {
        found = found.filter(Column::ExternalKey.eq(filter.external_key.as_str()));
    }
    if let Some(time) = filter.update_time_after {
        found = found.filter(Column::UpdateTime.gte(time));
    }
    found.all(reader).await?.into_iter().map(Product::try_from).collect()
}

/// Inserts new products; returns how many were not there before.
pub async fn insert(tx: &Tx, products: &[Product]) -> Result<u64, Error> {
    let rows: Vec<ActiveModel> = products.iter().map(Into::into).collect();
    let inserted = rows::insert_missing(tx, &rows).await?;
    // When some are there already, the caller gives all of them up.
    if inserted == products.len() as u64 {
        product_labels::insert(tx, products).await?;
    }
    Ok(inserted)
}

/// Writes a product as it has become. **Invariant:** the version grows by exactly one.
pub async fn update(tx: &Tx, product: &Product) -> Result<(), Error> {
    let changed = ActiveModel {
        title: Set(product.title.clone()),
        title_key: Set(title_key(&product.title)),
        description: Set(product.description.clone()),
        state: Set(product.state),
        labels: Set(labels_text(&product.labels)),
        metadata: Set(labels_text(&product.metadata)),
        version: Set(product.version),
        update_time: Set(product.update_time),
        ..Default::default()
    };
    let update = Entity::update_many()
        .set(changed)
        .filter(Column::ProductId.eq(product.id))
        .filter(Column::Version.eq(product.version - 1));
    if update.exec(tx).await?.rows_affected != 1 {
        return Err(DataError::Conflict.into());
    }
    product_labels::replace(tx, product).await
}
