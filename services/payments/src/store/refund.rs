//! Refunds, under the ids that callers chose.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect, Set};
use souk_data::{Find, Reader, Tx, given, given_limit, rows};
use souk_types::{Money, PaymentId, RefundId, Timestamp};

use crate::error::Error;
use crate::refund::{Refund, RefundState};

/// Money that went back, or is on its way.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refunds")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub refund_id: RefundId,
    pub payment_id: PaymentId,
    pub currency_code: String,
    pub amount_minor: i64,
    pub state: RefundState,
    pub attempt_number: i64,
    pub create_time: Timestamp,
    pub effective_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Refund {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self, Error> {
        let currency = row.currency_code.parse().map_err(Error::inconsistent)?;
        Ok(Refund {
            id: row.refund_id,
            payment: row.payment_id,
            amount: Money::new(currency, row.amount_minor),
            state: row.state,
            attempt: row.attempt_number,
            create_time: row.create_time,
            effective_time: row.effective_time,
        })
    }
}

/// Adds a refund, unless its id is taken. Returns whether it was added.
pub async fn insert(tx: &Tx, refund: &Refund) -> Result<bool, Error> {
    let row = ActiveModel {
        refund_id: Set(refund.id),
        payment_id: Set(refund.payment),
        currency_code: Set(refund.amount.currency.to_string()),
        amount_minor: Set(refund.amount.minor),
        state: Set(refund.state),
        attempt_number: Set(refund.attempt),
        create_time: Set(refund.create_time),
        effective_time: Set(refund.effective_time),
    };
    Ok(rows::insert_missing(tx, &[row]).await? == 1)
}

/// Stores the outcome of a refund.
pub async fn set_state(tx: &Tx, id: RefundId, state: RefundState) -> Result<(), Error> {
    let state = ActiveModel { state: Set(state), ..Default::default() };
    let updated = rows::update(tx, state, &[(Column::RefundId, id.into())]).await?;
    if updated == 1 { Ok(()) } else { Err(Error::inconsistent(format!("refund {id} is missing"))) }
}

static BY_ID: Find<Entity> = Find::new(|| Entity::find().filter(Column::RefundId.eq(given(0))));

/// Returns a refund; none when the id is not known.
pub async fn find(reader: &Reader, id: RefundId) -> Result<Option<Refund>, Error> {
    BY_ID.one(reader, [id.into()]).await?.map(Refund::try_from).transpose()
}

static AFTER: Find<Entity> = Find::new(after);
static OF_PAYMENT_AFTER: Find<Entity> =
    Find::new(|| after().filter(Column::PaymentId.eq(given(2))));

fn after() -> Select<Entity> {
    Entity::find()
        .filter(Column::RefundId.gt(given(0)))
        .order_by_asc(Column::RefundId)
        .limit(given_limit(1))
}

/// Returns the refunds after this id, of one payment or of all.
pub async fn list(
    reader: &Reader,
    payment: Option<PaymentId>,
    after: Option<RefundId>,
    limit: i64,
) -> Result<Vec<Refund>, Error> {
    // No bytes come before every id.
    let after = after.map_or_else(Vec::new, RefundId::to_bytes);
    let rows = match payment {
        Some(payment) => {
            OF_PAYMENT_AFTER.all(reader, [after.into(), limit.into(), payment.into()]).await?
        }
        None => AFTER.all(reader, [after.into(), limit.into()]).await?,
    };
    rows.into_iter().map(Refund::try_from).collect()
}

static BETWEEN: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::PaymentId.gte(given(0)))
        .filter(Column::PaymentId.lte(given(1)))
        .order_by_asc(Column::PaymentId)
        .order_by_asc(Column::RefundId)
});

/// Returns all refunds of the payments from `first` to `last`, by payment and id.
pub async fn between(
    reader: &Reader,
    first: PaymentId,
    last: PaymentId,
) -> Result<Vec<Refund>, Error> {
    let rows = BETWEEN.all(reader, [first.into(), last.into()]).await?;
    rows.into_iter().map(Refund::try_from).collect()
}
