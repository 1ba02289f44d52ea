//! Variants: reading and writing their rows.

use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, JoinType, QueryOrder, QuerySelect, Set};
use souk_data::{Error as DataError, Prepared, Reader, Tx, given, rows};
use souk_types::{ProductId, Timestamp, VariantId};

use super::products;
use crate::convert::{labels_of, labels_text};
use crate::error::Error;
use crate::product::Audience;
use crate::state::State;
use crate::variant::Variant;
use crate::variant_key::VariantKey;
use crate::variant_state::VariantState;

/// One form of a product that can be bought.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "variants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub variant_id: VariantId,
    pub product_id: ProductId,
    pub sku: String,
    pub title: String,
    pub state: VariantState,
    /// A JSON object of texts.
    pub attributes: String,
    /// A JSON object of texts.
    pub metadata: String,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A variant with the state of its product.
#[derive(FromQueryResult)]
struct WithProduct {
    #[sea_orm(nested)]
    variant: Model,
    product_state: State,
}

impl TryFrom<WithProduct> for Variant {
    type Error = Error;

    fn try_from(row: WithProduct) -> Result<Self, Error> {
        let WithProduct { variant, product_state } = row;
        Ok(Variant {
            id: variant.variant_id,
            product: variant.product_id,
            product_state,
            sku: variant.sku,
            title: variant.title,
            state: variant.state,
            attributes: labels_of(&variant.attributes)?,
            metadata: labels_of(&variant.metadata)?,
            version: variant.version,
            create_time: variant.create_time,
            update_time: variant.update_time,
        })
    }
}

impl From<&Variant> for ActiveModel {
    fn from(variant: &Variant) -> Self {
        ActiveModel {
            variant_id: Set(variant.id),
            product_id: Set(variant.product),
            sku: Set(variant.sku.clone()),
            title: Set(variant.title.clone()),
            state: Set(variant.state),
            attributes: Set(labels_text(&variant.attributes)),
            metadata: Set(labels_text(&variant.metadata)),
            version: Set(variant.version),
            create_time: Set(variant.create_time),
            update_time: Set(variant.update_time),
        }
    }
}

static BY_ID: Prepared<Select<Entity>, WithProduct> =
    Prepared::new(|| with_product().filter(Column::VariantId.eq(given(0))));
static BY_SKU: Prepared<Select<Entity>, WithProduct> =
    Prepared::new(|| with_product().filter(Column::Sku.eq(given(0))));
static OF_PRODUCT: Prepared<Select<Entity>, WithProduct> = Prepared::new(|| {
    with_product()
        .filter(Column::ProductId.eq(given(0)))
        .filter(Column::State.ne(VariantState::Archived))
        .order_by_asc(Column::Sku)
});

fn with_product() -> Select<Entity> {
    Entity::find()
        .column_as(products::Column::State, "product_state")
        .join(JoinType::InnerJoin, product())
}

/// From a variant to its product.
pub(super) fn product() -> RelationDef {
    Entity::belongs_to(products::Entity)
        .from(Column::ProductId)
        .to(products::Column::ProductId)
        .into()
}

/// Returns a variant. Fails with [`Error::VariantNotFound`].
pub async fn find(reader: &Reader, key: &VariantKey) -> Result<Variant, Error> {
    let row = match key {
        VariantKey::Id(id) => BY_ID.one(reader, [(*id).into()]).await?,
        VariantKey::Sku(sku) => BY_SKU.one(reader, [sku.as_str().into()]).await?,
    };
    row.ok_or_else(|| Error::VariantNotFound(key.clone()))?.try_into()
}

/// Returns the variants of a product that are not archived, by sku.
pub async fn of_product(reader: &Reader, product: ProductId) -> Result<Vec<Variant>, Error> {
    let rows = OF_PRODUCT.all(reader, [product.into()]).await?;
    rows.into_iter().map(Variant::try_from).collect()
}

/// Returns the variants with these skus, in no order; at most 1,000 skus.
pub async fn by_skus(reader: &Reader, skus: &[String]) -> Result<Vec<Variant>, Error> {
    let found = with_product().filter(Column::Sku.is_in(rows::padded(skus.to_vec())));
    let rows = found.into_model::<WithProduct>().all(reader).await?;
    rows.into_iter().map(Variant::try_from).collect()
}

/// Which variants a list has.
#[derive(Clone, Debug)]
pub struct Filter {
    pub audience: Audience,
    /// None for the variants of all products.
    pub product: Option<ProductId>,
    /// Empty for all.
    pub sku: String,
    /// Variants in one of these states; none of them when there is no state.
    pub states: Vec<VariantState>,
}

/// Returns at most `limit` variants after a sku, by sku.
pub async fn list(
    reader: &Reader,
    filter: &Filter,
    after: Option<String>,
    limit: i64,
) -> Result<Vec<Variant>, Error> {
    if filter.states.is_empty() {
        return Ok(vec![]);
    }
    let mut found = with_product()
        .order_by_asc(Column::Sku)
        .limit(limit as u64)
        .filter(Column::State.is_in(filter.states.iter().copied()));
    if let Some(product) = filter.product {
        found = found.filter(Column::ProductId.eq(product));
    }
    if !filter.sku.is_empty() {
        found = found.filter(Column::Sku.eq(filter.sku.as_str()));
    }
    if let Some(after) = after {
        found = found.filter(Column::Sku.gt(after));
    }
    if filter.audience == Audience::Public {
        found = found.filter(products::Column::State.ne(State::Draft));
    }
    let rows = found.into_model::<WithProduct>().all(reader).await?;
    rows.into_iter().map(Variant::try_from).collect()
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

static COUNT: Prepared<Select<Entity>, Count> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column_as(Column::VariantId.count(), "count")
        .filter(Column::ProductId.eq(given(0)))
        .filter(Column::State.ne(VariantState::Archived))
});

/// Returns how many variants a product has, without the archived ones.
pub async fn count(reader: &Reader, product: ProductId) -> Result<usize, Error> {
    let row = COUNT.one(reader, [product.into()]).await?;
    Ok(row.map_or(0, |row| row.count as usize))
}

/// Inserts new variants; returns how many had an id and a sku that were free.
pub async fn insert(tx: &Tx, variants: &[Variant]) -> Result<u64, Error> {
    let rows: Vec<ActiveModel> = variants.iter().map(Into::into).collect();
    Ok(rows::insert_missing(tx, &rows).await?)
}

/// Writes a variant as it has become. **Invariant:** the version grows by exactly one.
pub async fn update(tx: &Tx, variant: &Variant) -> Result<(), Error> {
    let changed = ActiveModel {
        title: Set(variant.title.clone()),
        state: Set(variant.state),
        attributes: Set(labels_text(&variant.attributes)),
        metadata: Set(labels_text(&variant.metadata)),
        version: Set(variant.version),
        update_time: Set(variant.update_time),
        ..Default::default()
    };
    let update = Entity::update_many()
        .set(changed)
        .filter(Column::VariantId.eq(variant.id))
        .filter(Column::Version.eq(variant.version - 1));
    if update.exec(tx).await?.rows_affected == 1 { Ok(()) } else { Err(DataError::Conflict.into()) }
}
