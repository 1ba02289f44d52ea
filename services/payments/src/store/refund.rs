//! Refunds, under the ids that callers chose.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect, Set};
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::{Money, PaymentId, RefundId, Timestamp};

use super::list::{Range, newest_or_oldest};
use crate::attempt::{Decline, DeclineCode};
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
    pub decline_code: Option<DeclineCode>,
    pub decline: Option<String>,
    pub is_retryable: i64,
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
            decline: row.decline_code.map(|code| Decline {
                code,
                detail: row.decline.unwrap_or_default(),
                is_retryable: row.is_retryable == 1,
            }),
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
        decline_code: Set(None),
        decline: Set(None),
        is_retryable: Set(0),
        attempt_number: Set(refund.attempt),
        create_time: Set(refund.create_time),
        effective_time: Set(refund.effective_time),
    };
    Ok(rows::insert_missing(tx, &[row]).await? == 1)
}

/// Stores the outcome of a refund, and returns it as it is then.
pub async fn end(
    tx: &Tx,
    id: RefundId,
    state: RefundState,
    decline: Option<&Decline>,
) -> Result<Refund, Error> {
    let outcome = ActiveModel {
        state: Set(state),
        decline_code: Set(decline.map(|decline| decline.code)),
        decline: Set(decline.map(|decline| decline.detail.clone())),
        is_retryable: Set(decline.is_some_and(|decline| decline.is_retryable).into()),
        ..Default::default()
    };
    rows::update(tx, outcome, &[(Column::RefundId, id.into())]).await?;
    find(tx, id).await?.ok_or_else(|| Error::inconsistent(format!("refund {id} is missing")))
}

static BY_ID: Find<Entity> = Find::new(|| Entity::find().filter(Column::RefundId.eq(given(0))));

/// Returns a refund; none when the id is not known.
pub async fn find(reader: &Reader, id: RefundId) -> Result<Option<Refund>, Error> {
    BY_ID.one(reader, [id.into()]).await?.map(Refund::try_from).transpose()
}

/// Which refunds a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub payment: Option<PaymentId>,
    pub states: Vec<RefundState>,
    pub range: Range,
}

/// Returns refunds, sorted by their time, after one of this time and id.
pub async fn list(
    reader: &Reader,
    filter: &Filter,
    after: Option<(Timestamp, RefundId)>,
    limit: i64,
) -> Result<Vec<Refund>, Error> {
    let mut query = Entity::find();
    if let Some(payment) = filter.payment {
        query = query.filter(Column::PaymentId.eq(payment));
    }
    if !filter.states.is_empty() {
        query = query.filter(Column::State.is_in(filter.states.iter().copied()));
    }
    let after = after.map(|(time, id)| (time, id.into()));
    let query = newest_or_oldest(query, &filter.range, Column::CreateTime, Column::RefundId, after);
    let rows = query.limit(limit as u64).all(reader).await?;
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
