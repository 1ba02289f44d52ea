//! The price at which a variant is sold in a currency and channel when the caller names none.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::{Currency, PriceId, Timestamp, VariantId};

use crate::error::Error;
use crate::price::Price;

/// The default price of one variant in one currency and channel.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "default_prices")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub variant_id: VariantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency_code: String,
    /// Empty is every channel.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    pub price_id: PriceId,
    pub change_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

static OF: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::VariantId.eq(given(0)))
        .filter(Column::CurrencyCode.eq(given(1)))
        .filter(Column::Channel.eq(given(2)))
});

/// Returns the default price of a variant in a currency and channel.
pub async fn of(
    reader: &Reader,
    variant: VariantId,
    currency: Currency,
    channel: &str,
) -> Result<Option<PriceId>, Error> {
    let row = OF.one(reader, [variant.into(), currency.as_str().into(), channel.into()]).await?;
    Ok(row.map(|row| row.price_id))
}

/// Makes each of these prices the default of its variant, currency and channel; at most one for
/// each of those.
pub async fn set(tx: &Tx, prices: &[&Price], now: Timestamp) -> Result<(), Error> {
    for prices in rows::chunks(prices) {
        let defaults = prices.iter().map(|price| ActiveModel {
            variant_id: Set(price.variant),
            currency_code: Set(price.amount.currency.to_string()),
            channel: Set(price.channel.clone()),
            price_id: Set(price.id),
            change_time: Set(now),
        });
        let key = [Column::VariantId, Column::CurrencyCode, Column::Channel];
        let replace = OnConflict::columns(key)
            .update_columns([Column::PriceId, Column::ChangeTime])
            .to_owned();
        Entity::insert_many(defaults).on_conflict(replace).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Leaves a variant without a default price in a currency and channel.
pub async fn clear(
    tx: &Tx,
    variant: VariantId,
    currency: Currency,
    channel: &str,
) -> Result<(), Error> {
    Entity::delete_by_id((variant, currency.to_string(), channel.to_owned())).exec(tx).await?;
    Ok(())
}
