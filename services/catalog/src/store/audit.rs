//! The audit of the catalogue's database: what must never be found, and how much there is.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{Condition, FromQueryResult, JoinType, QuerySelect};
use souk_chassis::Report;
use souk_data::{Db, Reader};
use souk_types::ProductId;

use super::{default_prices, prices, products, variants};
use crate::error::Error;
use crate::price::MAX_MINOR_UNITS;
use crate::price_audience::PriceAudience;
use crate::variant_key::MAX_VARIANTS;
use crate::variant_state::VariantState;

/// Checks the invariants of this database on one state of the data.
pub async fn check(db: Db) -> Result<Report, Error> {
    db.snapshot(|snapshot| async move { run(&snapshot).await }).await
}

/// Checks every invariant on one state of the data; reads all of it.
async fn run(snapshot: &Reader) -> Result<Report, Error> {
    let mut report = Report::default();
    variants_without_product(snapshot, &mut report).await?;
    prices_without_variant(snapshot, &mut report).await?;
    defaults_without_price(snapshot, &mut report).await?;
    defaults_of_another(snapshot, &mut report).await?;
    archived_defaults(snapshot, &mut report).await?;
    restricted_defaults(snapshot, &mut report).await?;
    amounts_out_of_range(snapshot, &mut report).await?;
    products_too_large(snapshot, &mut report).await?;
    count(snapshot, &mut report).await?;
    Ok(report)
}

/// **Invariant:** a variant has its product.
async fn variants_without_product(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    let wrong = variants::Entity::find()
        .join(JoinType::LeftJoin, variants::product())
        .filter(products::Column::ProductId.is_null())
        .limit(Report::MAX_FINDINGS);
    for row in wrong.all(snapshot).await? {
        report.add("every variant has its product", row.variant_id, "its product is missing");
    }
    Ok(())
}

/// **Invariant:** a price has its variant.
async fn prices_without_variant(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    let wrong = prices::Entity::find()
        .join(JoinType::LeftJoin, prices::variant())
        .filter(variants::Column::VariantId.is_null())
        .limit(Report::MAX_FINDINGS);
    for row in wrong.all(snapshot).await? {
        report.add("every price has its variant", row.price_id, "its variant is missing");
    }
    Ok(())
}

/// **Invariant:** what a default names is a price.
async fn defaults_without_price(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    let wrong = default_prices::Entity::find()
        .join(JoinType::LeftJoin, prices::default_price().rev())
        .filter(prices::Column::PriceId.is_null())
        .limit(Report::MAX_FINDINGS);
    for row in wrong.all(snapshot).await? {
        report.add(
            "every default price exists",
            row.variant_id,
            "a default names a price that is missing",
        );
    }
    Ok(())
}

/// **Invariant:** a default is a price of the same variant, currency and channel.
async fn defaults_of_another(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    use default_prices::{Column, Entity};
    let is_of_another = Condition::any()
        .add(prices::Column::VariantId.into_expr().ne(Column::VariantId.into_expr()))
        .add(prices::Column::CurrencyCode.into_expr().ne(Column::CurrencyCode.into_expr()))
        .add(prices::Column::Channel.into_expr().ne(Column::Channel.into_expr()));
    let wrong = Entity::find()
        .join(JoinType::InnerJoin, prices::default_price().rev())
        .filter(is_of_another)
        .limit(Report::MAX_FINDINGS);
    for row in wrong.all(snapshot).await? {
        let invariant = "a default price belongs to its variant, currency and channel";
        let detail = "it is the default of another variant, currency or channel";
        report.add(invariant, row.price_id, detail);
    }
    Ok(())
}

/// **Invariant:** what variants are sold at can be sold at.
async fn archived_defaults(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    let wrong = default_prices::Entity::find()
        .join(JoinType::InnerJoin, prices::default_price().rev())
        .filter(prices::Column::ArchiveTime.is_not_null())
        .limit(Report::MAX_FINDINGS);
    for row in wrong.all(snapshot).await? {
        report.add("a default price is not archived", row.price_id, "it is a default and archived");
    }
    Ok(())
}

/// **Invariant:** what variants are sold at is for everyone.
async fn restricted_defaults(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    let wrong = default_prices::Entity::find()
        .join(JoinType::InnerJoin, prices::default_price().rev())
        .filter(prices::Column::Audience.eq(PriceAudience::Restricted))
        .limit(Report::MAX_FINDINGS);
    for row in wrong.all(snapshot).await? {
        report.add("a default price is public", row.price_id, "it is a default and restricted");
    }
    Ok(())
}

/// **Invariant:** an amount is one that [`check_amount`](crate::price::check_amount) takes.
async fn amounts_out_of_range(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    use prices::{Column, Entity};
    let is_out_of_range =
        Condition::any().add(Column::MinorUnits.lt(0)).add(Column::MinorUnits.gt(MAX_MINOR_UNITS));
    let wrong = Entity::find().filter(is_out_of_range).limit(Report::MAX_FINDINGS);
    for row in wrong.all(snapshot).await? {
        let invariant = "a price lies between 0 and 1,000,000,000,000 minor units";
        report.add(invariant, row.price_id, "its amount is out of range");
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct ProductRow {
    product_id: ProductId,
}

/// **Invariant:** a product has no more variants than [`MAX_VARIANTS`], without the archived ones.
async fn products_too_large(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    use variants::{Column, Entity};
    let wrong = Entity::find()
        .select_only()
        .column(Column::ProductId)
        .filter(Column::State.ne(VariantState::Archived))
        .group_by(Column::ProductId)
        .having(Column::VariantId.count().gt(MAX_VARIANTS as i64))
        .limit(Report::MAX_FINDINGS);
    for row in wrong.into_model::<ProductRow>().all(snapshot).await? {
        report.add("a product has at most 100 variants", row.product_id, "it has more variants");
    }
    Ok(())
}

async fn count(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    report.count("products", products::Entity::find().count(snapshot).await? as i64);
    report.count("variants", variants::Entity::find().count(snapshot).await? as i64);
    report.count("prices", prices::Entity::find().count(snapshot).await? as i64);
    report.count("default_prices", default_prices::Entity::find().count(snapshot).await? as i64);
    Ok(())
}
