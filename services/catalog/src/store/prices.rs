//! Prices: reading, listing and writing their rows.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{FromQueryResult, Iterable, JoinType, QueryOrder, QuerySelect, Set};
use souk_data::{Prepared, Reader, Tx, given, given_limit, rows};
use souk_types::{Currency, Money, PriceId, ProductId, Timestamp, VariantId};

use super::{default_prices, products, variants};
use crate::convert::{labels_of, labels_text};
use crate::error::Error;
use crate::price::Price;
use crate::price_audience::PriceAudience;
use crate::state::State;

/// One price of a variant. It never changes but for being archived once.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "prices")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub price_id: PriceId,
    pub variant_id: VariantId,
    pub currency_code: String,
    pub minor_units: i64,
    /// None while it can be sold at.
    pub archive_time: Option<Timestamp>,
    pub create_time: Timestamp,
    pub effective_time: Timestamp,
    pub audience: PriceAudience,
    /// The channel that it is for; empty is every channel.
    pub channel: String,
    /// A JSON object of texts.
    pub metadata: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns the amount.
    pub fn amount(&self) -> Result<Money, Error> {
        Ok(Money::new(currency(&self.currency_code)?, self.minor_units))
    }
}

/// Reads a currency.
pub fn currency(code: &str) -> Result<Currency, Error> {
    code.parse().map_err(|_| Error::Unreadable("a currency"))
}

impl From<&Price> for ActiveModel {
    fn from(price: &Price) -> Self {
        ActiveModel {
            price_id: Set(price.id),
            variant_id: Set(price.variant),
            currency_code: Set(price.amount.currency.to_string()),
            minor_units: Set(price.amount.minor),
            archive_time: Set(price.archive_time),
            create_time: Set(price.create_time),
            effective_time: Set(price.effective_time),
            audience: Set(price.audience),
            channel: Set(price.channel.clone()),
            metadata: Set(labels_text(&price.metadata)),
        }
    }
}

/// A price with its columns from other tables.
#[derive(FromQueryResult)]
struct WithVariant {
    #[sea_orm(nested)]
    price: Model,
    sku: String,
    product_id: ProductId,
    product_state: State,
    /// The price itself when it is the default of its variant, currency and channel.
    default_price_id: Option<PriceId>,
}

impl TryFrom<WithVariant> for Price {
    type Error = Error;

    fn try_from(row: WithVariant) -> Result<Self, Error> {
        let price = row.price;
        Ok(Price {
            id: price.price_id,
            variant: price.variant_id,
            sku: row.sku,
            product: row.product_id,
            product_state: row.product_state,
            amount: price.amount()?,
            metadata: labels_of(&price.metadata)?,
            channel: price.channel,
            audience: price.audience,
            is_default: row.default_price_id.is_some(),
            archive_time: price.archive_time,
            create_time: price.create_time,
            effective_time: price.effective_time,
        })
    }
}

/// All prices.
fn with_variant() -> Select<Entity> {
    use default_prices::Column as Default;
    let is_default = Entity::belongs_to(default_prices::Entity)
        .from((Column::VariantId, Column::CurrencyCode, Column::Channel, Column::PriceId))
        .to((Default::VariantId, Default::CurrencyCode, Default::Channel, Default::PriceId));
    joined(Entity::find()).join(JoinType::LeftJoin, is_default.into())
}

/// The default prices for every channel. Starts from the defaults: a variant may have many prices,
/// of which few are one.
fn defaults() -> Select<default_prices::Entity> {
    let prices = default_prices::Entity::find().select_only().columns(Column::iter());
    joined(prices.join(JoinType::InnerJoin, default_price().rev()))
        .filter(default_prices::Column::Channel.eq(""))
        .order_by_asc(default_prices::Column::VariantId)
        .order_by_asc(default_prices::Column::CurrencyCode)
}

/// Adds the columns of other tables to prices.
fn joined<E: EntityTrait>(prices: Select<E>) -> Select<E> {
    prices
        .column(variants::Column::Sku)
        .column(variants::Column::ProductId)
        .column_as(products::Column::State, "product_state")
        .column_as(default_prices::Column::PriceId, "default_price_id")
        .join(JoinType::InnerJoin, variant())
        .join(JoinType::InnerJoin, variants::product())
}

/// From a price to its variant.
pub(super) fn variant() -> RelationDef {
    Entity::belongs_to(variants::Entity)
        .from(Column::VariantId)
        .to(variants::Column::VariantId)
        .into()
}

/// From a price to what makes it a default, of whatever variant, currency and channel.
pub(super) fn default_price() -> RelationDef {
    let defaults = Entity::belongs_to(default_prices::Entity);
    defaults.from(Column::PriceId).to(default_prices::Column::PriceId).into()
}

static BY_ID: Prepared<Select<Entity>, WithVariant> =
    Prepared::new(|| with_variant().filter(Column::PriceId.eq(given(0))));

/// Returns a price. Fails with [`Error::PriceNotFound`].
pub async fn find(reader: &Reader, id: PriceId) -> Result<Price, Error> {
    BY_ID.one(reader, [id.into()]).await?.ok_or(Error::PriceNotFound(id))?.try_into()
}

/// Which prices of a variant a list has.
#[derive(Clone, Debug)]
pub struct Filter {
    pub variant: VariantId,
    /// None for all.
    pub currency: Option<Currency>,
    /// Prices that apply in this channel; empty for all.
    pub channel: String,
    pub which: Which,
}

/// Which prices of a variant a list has, whatever their currency and channel.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    All,
    Unarchived,
    /// Public and not archived.
    OnOffer,
}

/// The sort key of a price in lists.
pub type Position = (Timestamp, PriceId);

static ALL: Prepared<Select<Entity>, WithVariant> = Prepared::new(before);
static UNARCHIVED: Prepared<Select<Entity>, WithVariant> = Prepared::new(|| unarchived(before()));
static ON_OFFER: Prepared<Select<Entity>, WithVariant> =
    Prepared::new(|| public(unarchived(before())));

fn before() -> Select<Entity> {
    let position = Expr::tuple([Column::EffectiveTime.into_expr(), Column::PriceId.into_expr()]);
    let is_any_currency = Expr::val(given(4)).eq("");
    let is_any_channel = Expr::val(given(5)).eq("");
    with_variant()
        .filter(Column::VariantId.eq(given(0)))
        .filter(position.lt(Expr::tuple([Expr::val(given(1)), Expr::val(given(2))])))
        .filter(is_any_currency.or(Column::CurrencyCode.eq(given(4))))
        .filter(is_any_channel.or(Column::Channel.eq("")).or(Column::Channel.eq(given(5))))
        .order_by_desc(Column::EffectiveTime)
        .order_by_desc(Column::PriceId)
        .limit(given_limit(3))
}

fn unarchived(prices: Select<Entity>) -> Select<Entity> {
    prices.filter(Column::ArchiveTime.is_null())
}

fn public(prices: Select<Entity>) -> Select<Entity> {
    let while_default = Column::Audience
        .eq(PriceAudience::WhileDefault)
        .and(default_prices::Column::PriceId.is_not_null());
    prices.filter(Column::Audience.eq(PriceAudience::Public).or(while_default))
}

/// Comes after every id.
const AFTER_ALL_IDS: [u8; 17] = [0xFF; 17];

/// Returns at most `limit` prices of a variant before a position, the latest effective time first.
pub async fn list(
    reader: &Reader,
    filter: &Filter,
    before: Option<Position>,
    limit: i64,
) -> Result<Vec<Price>, Error> {
    let found = match filter.which {
        Which::All => &ALL,
        Which::Unarchived => &UNARCHIVED,
        Which::OnOffer => &ON_OFFER,
    };
    let (time, id): (Value, Value) = match before {
        Some((time, id)) => (time.into(), id.into()),
        None => (i64::MAX.into(), AFTER_ALL_IDS.to_vec().into()),
    };
    let currency = filter.currency.as_ref().map_or("", Currency::as_str);
    let given = [
        filter.variant.into(),
        time,
        id,
        limit.into(),
        currency.into(),
        filter.channel.as_str().into(),
    ];
    let rows = found.all(reader, given).await?;
    rows.into_iter().map(Price::try_from).collect()
}

/// How many variants one call of [`defaults_of`] takes.
pub const VARIANTS_AT_ONCE: usize = 1_000;

static DEFAULTS_OF_ONE: Prepared<Select<default_prices::Entity>, WithVariant> =
    Prepared::new(|| defaults().filter(default_prices::Column::VariantId.eq(given(0))));

/// Returns the default prices of these variants for every channel, by variant and currency; at most
/// [`VARIANTS_AT_ONCE`] variants.
pub async fn defaults_of(reader: &Reader, variants: &[VariantId]) -> Result<Vec<Price>, Error> {
    let rows = match variants {
        [] => vec![],
        [variant] => DEFAULTS_OF_ONE.all(reader, [(*variant).into()]).await?,
        variants => {
            let variants = rows::padded(variants.to_vec());
            let found = defaults().filter(default_prices::Column::VariantId.is_in(variants));
            found.into_model::<WithVariant>().all(reader).await?
        }
    };
    rows.into_iter().map(Price::try_from).collect()
}

/// Inserts new prices; returns how many had an id that was free.
pub async fn insert(tx: &Tx, prices: &[Price]) -> Result<u64, Error> {
    let rows: Vec<ActiveModel> = prices.iter().map(Into::into).collect();
    Ok(rows::insert_missing(tx, &rows).await?)
}

/// Writes that a price is archived.
pub async fn archive(tx: &Tx, price: &Price) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::ArchiveTime, Expr::val(price.archive_time))
        .filter(Column::PriceId.eq(price.id))
        .filter(Column::ArchiveTime.is_null())
        .exec(tx)
        .await?;
    Ok(())
}
