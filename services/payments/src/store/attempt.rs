//! Attempts: added before the provider is called, resolved later, never deleted.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{JoinType, NotSet, QueryOrder, QuerySelect, RelationDef, Set};
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::{CaptureId, PaymentId, RefundId, Timestamp, TransferId};

use super::list::{Range, newest_or_oldest};
use super::payment;
use crate::attempt::{Attempt, CaptureKey, Decline, DeclineCode, Kind, Stage};
use crate::capture::{Capture, CaptureState};
use crate::error::Error;
use crate::payment::Payment;

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
    pub capture_id: Option<CaptureId>,
    pub asked_minor: Option<i64>,
    pub is_final: i64,
    pub refund_id: Option<RefundId>,
    pub reverses: Option<i64>,
    pub fee_minor: i64,
    pub decline_code: Option<DeclineCode>,
    pub decline: Option<String>,
    pub is_retryable: i64,
    pub tries: i64,
    pub actor: String,
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
            capture: row.capture_id.map(|id| CaptureKey { id, asked, is_final }),
            refund: row.refund_id,
            reverses: row.reverses,
            fee: row.fee_minor,
            decline: row.decline_code.map(|code| Decline {
                code,
                detail: row.decline.unwrap_or_default(),
                is_retryable,
            }),
            tries: row.tries,
            actor: row.actor,
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
        decline_code: Set(decline.map(|decline| decline.code)),
        decline: Set(decline.map(|decline| decline.detail.clone())),
        is_retryable: Set(decline.is_some_and(|decline| decline.is_retryable).into()),
        tries: Set(attempt.tries),
        payment_id: NotSet,
        attempt_number: NotSet,
        kind: NotSet,
        amount_minor: NotSet,
        rest_minor: NotSet,
        makes_hold: NotSet,
        capture_id: NotSet,
        asked_minor: NotSet,
        is_final: NotSet,
        refund_id: NotSet,
        reverses: NotSet,
        actor: NotSet,
        create_time: NotSet,
        effective_time: NotSet,
    }
}

/// Adds an attempt, unless its number or the id of its capture is taken. Returns whether it was
/// added.
pub async fn insert(tx: &Tx, attempt: &Attempt) -> Result<bool, Error> {
    let capture = attempt.capture.as_ref();
    let row = ActiveModel {
        payment_id: Set(attempt.payment),
        attempt_number: Set(attempt.number),
        kind: Set(attempt.kind),
        amount_minor: Set(attempt.amount),
        rest_minor: Set(attempt.rest),
        makes_hold: Set(attempt.makes_hold.into()),
        capture_id: Set(capture.map(|capture| capture.id)),
        asked_minor: Set(capture.and_then(|capture| capture.asked)),
        is_final: Set(capture.is_some_and(|capture| capture.is_final).into()),
        refund_id: Set(attempt.refund),
        reverses: Set(attempt.reverses),
        actor: Set(attempt.actor.clone()),
        create_time: Set(attempt.create_time),
        effective_time: Set(attempt.effective_time),
        ..changing(attempt)
    };
    Ok(rows::insert_missing(tx, &[row]).await? == 1)
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

static OF_CAPTURE: Find<Entity> =
    Find::new(|| Entity::find().filter(is_capture()).filter(Column::CaptureId.eq(given(0))));

/// Written out, so that the indexes of captures are used.
fn is_capture() -> Expr {
    Expr::cust("capture_id IS NOT NULL")
}

/// Returns the attempt that this capture id made earlier.
pub async fn of_capture(reader: &Reader, id: CaptureId) -> Result<Option<Attempt>, Error> {
    Ok(OF_CAPTURE.one(reader, [id.into()]).await?.map(Attempt::from))
}

/// Which captures a list shows.
#[derive(Clone, Debug, Default)]
pub struct CaptureFilter {
    pub payment: Option<PaymentId>,
    pub states: Vec<CaptureState>,
    pub range: Range,
}

/// Returns captures, sorted by their time, after one of this time and id.
pub async fn list_captures(
    reader: &Reader,
    filter: &CaptureFilter,
    after: Option<(Timestamp, CaptureId)>,
    limit: i64,
) -> Result<Vec<Capture>, Error> {
    let payments: RelationDef = Entity::belongs_to(payment::Entity)
        .from(Column::PaymentId)
        .to(payment::Column::PaymentId)
        .into();
    let mut query = Entity::find()
        .join(JoinType::InnerJoin, payments)
        .filter(Expr::col((Entity, Column::CaptureId)).is_not_null());
    if let Some(payment) = filter.payment {
        query = query.filter(Column::PaymentId.eq(payment));
    }
    if !filter.states.is_empty() {
        let stages = filter.states.iter().flat_map(|state| state.stages()).copied();
        query = query.filter(Column::Stage.is_in(stages));
    }
    let after = after.map(|(time, id)| (time, id.into()));
    let query =
        newest_or_oldest(query, &filter.range, Column::CreateTime, Column::CaptureId, after);
    let rows = query.limit(limit as u64).select_also(payment::Entity).all(reader).await?;
    let captures = rows.into_iter().filter_map(|(attempt, payment)| {
        let payment = Payment::try_from(payment?).ok()?;
        Capture::of(&payment, &Attempt::from(attempt))
    });
    Ok(captures.collect())
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
