//! Attempts: added before the provider is called, resolved later, never deleted.

use sea_orm::entity::prelude::*;
use sea_orm::{NotSet, QueryOrder, QuerySelect, Set};
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::{PaymentId, RefundId, Timestamp, TransferId};

use crate::attempt::{Attempt, CaptureKey, Decline, Kind, Stage};
use crate::error::Error;

/// One attempt to have the provider do something.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub payment_id: PaymentId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt_number: i64,
    pub kind: Kind,
    pub stage: Stage,
    pub amount_minor: i64,
    pub rest_minor: i64,
    pub hold_id: Option<TransferId>,
    pub makes_hold: i64,
    pub request_id: Option<String>,
    pub asked_minor: Option<i64>,
    pub is_final: i64,
    pub refund_id: Option<RefundId>,
    pub fee_minor: i64,
    pub decline: Option<String>,
    pub is_retryable: i64,
    pub tries: i64,
    pub create_time: Timestamp,
    pub effective_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Attempt {
    fn from(row: Model) -> Self {
        let asked = row.asked_minor;
        let is_final = row.is_final == 1;
        let is_retryable = row.is_retryable == 1;
        Attempt {
            payment: row.payment_id,
            number: row.attempt_number,
            kind: row.kind,
            stage: row.stage,
            amount: row.amount_minor,
            rest: row.rest_minor,
            hold: row.hold_id,
            makes_hold: row.makes_hold == 1,
            capture: row.request_id.map(|request_id| CaptureKey { request_id, asked, is_final }),
            refund: row.refund_id,
            fee: row.fee_minor,
            decline: row.decline.map(|reason| Decline { reason, is_retryable }),
            tries: row.tries,
            create_time: row.create_time,
            effective_time: row.effective_time,
        }
    }
}

/// Returns the columns that change until an attempt has its end, and none of the others.
fn changing(attempt: &Attempt) -> ActiveModel {
    let decline = attempt.decline.as_ref();
    ActiveModel {
        stage: Set(attempt.stage),
        hold_id: Set(attempt.hold),
        fee_minor: Set(attempt.fee),
        decline: Set(decline.map(|decline| decline.reason.clone())),
        is_retryable: Set(decline.is_some_and(|decline| decline.is_retryable).into()),
        tries: Set(attempt.tries),
        payment_id: NotSet,
        attempt_number: NotSet,
        kind: NotSet,
        amount_minor: NotSet,
        rest_minor: NotSet,
        makes_hold: NotSet,
        request_id: NotSet,
        asked_minor: NotSet,
        is_final: NotSet,
        refund_id: NotSet,
        create_time: NotSet,
        effective_time: NotSet,
    }
}

/// Adds an attempt.
pub async fn insert(tx: &Tx, attempt: &Attempt) -> Result<(), Error> {
    let capture = attempt.capture.as_ref();
    let row = ActiveModel {
        payment_id: Set(attempt.payment),
        attempt_number: Set(attempt.number),
        kind: Set(attempt.kind),
        amount_minor: Set(attempt.amount),
        rest_minor: Set(attempt.rest),
        makes_hold: Set(attempt.makes_hold.into()),
        request_id: Set(capture.map(|capture| capture.request_id.clone())),
        asked_minor: Set(capture.and_then(|capture| capture.asked)),
        is_final: Set(capture.is_some_and(|capture| capture.is_final).into()),
        refund_id: Set(attempt.refund),
        create_time: Set(attempt.create_time),
        effective_time: Set(attempt.effective_time),
        ..changing(attempt)
    };
    Ok(rows::insert_all(tx, &[row]).await?)
}

/// Stores the outcome of an attempt.
pub async fn update(tx: &Tx, attempt: &Attempt) -> Result<(), Error> {
    let key = [
        (Column::PaymentId, attempt.payment.into()),
        (Column::AttemptNumber, attempt.number.into()),
    ];
    let updated = rows::update(tx, changing(attempt), &key).await?;
    if updated == 1 { Ok(()) } else { Err(missing(attempt.payment, attempt.number)) }
}

fn missing(payment: PaymentId, number: i64) -> Error {
    Error::inconsistent(format!("attempt {number} of {payment} is missing"))
}

static BY_NUMBER: Find<Entity> = Find::new(|| {
    Entity::find().filter(Column::PaymentId.eq(given(0))).filter(Column::AttemptNumber.eq(given(1)))
});

/// Returns an attempt that must be there.
pub async fn get(reader: &Reader, payment: PaymentId, number: i64) -> Result<Attempt, Error> {
    let row = BY_NUMBER.one(reader, [payment.into(), number.into()]).await?;
    row.map(Attempt::from).ok_or_else(|| missing(payment, number))
}

static CAPTURE: Find<Entity> = Find::new(|| {
    Entity::find().filter(Column::PaymentId.eq(given(0))).filter(Column::RequestId.eq(given(1)))
});

/// Returns the capture that this request id made earlier.
pub async fn capture(
    reader: &Reader,
    payment: PaymentId,
    request_id: &str,
) -> Result<Option<Attempt>, Error> {
    let row = CAPTURE.one(reader, [payment.into(), request_id.into()]).await?;
    Ok(row.map(Attempt::from))
}

static LAST_BUT_ONE: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::PaymentId.eq(given(0)))
        .order_by_desc(Column::AttemptNumber)
        .offset(1)
        .limit(1)
});

/// Returns whether the last thing that a payment did, before it was taken back, was to wait for its
/// customer.
pub async fn waited_for_its_customer(reader: &Reader, payment: PaymentId) -> Result<bool, Error> {
    let row = LAST_BUT_ONE.one(reader, [payment.into()]).await?;
    Ok(row.is_some_and(|row| row.stage == Stage::ActionRequired))
}

static BETWEEN: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::PaymentId.gte(given(0)))
        .filter(Column::PaymentId.lte(given(1)))
        .order_by_asc(Column::PaymentId)
        .order_by_asc(Column::AttemptNumber)
});

/// Returns all attempts of the payments from `first` to `last`, by payment and number.
pub async fn between(
    reader: &Reader,
    first: PaymentId,
    last: PaymentId,
) -> Result<Vec<Attempt>, Error> {
    let rows = BETWEEN.all(reader, [first.into(), last.into()]).await?;
    Ok(rows.into_iter().map(Attempt::from).collect())
}
