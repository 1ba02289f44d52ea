//! Charges: one per payment, created by the first operation that arrives.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::LockType;
use sea_orm::{QueryOrder, QuerySelect, Set};
use souk_data::{Find, Reader, Tx, given, given_limit, rows};
use souk_types::{Currency, PaymentId, Timestamp};

use crate::attempt::{Method, ReturnUrl};
use crate::error::Error;
use crate::provider::Charge;
use crate::provider::simulator::charge::{ChargeState, Line};

/// What the simulator knows of one payment.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "charges")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub payment_id: PaymentId,
    pub currency_code: String,
    pub method: Option<Method>,
    pub state: ChargeState,
    pub held_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub fees_minor: i64,
    /// How many operations took effect.
    pub operations: i64,
    pub create_time: Timestamp,
    /// What the customer decided: 1 approved, 0 declined, none while nothing is decided.
    pub decision: Option<i64>,
    /// Where the customer goes after the decision.
    pub return_url: Option<ReturnUrl>,
    /// Until when the customer can decide, or the amount can be captured.
    pub expire_time: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns what the customer decided; none while nothing is decided.
    pub fn decision(&self) -> Option<bool> {
        self.decision.map(|decision| decision == 1)
    }

    /// Returns its line of the book.
    pub fn line(&self) -> Line {
        Line {
            state: self.state,
            held: self.held_minor,
            captured: self.captured_minor,
            refunded: self.refunded_minor,
            fees: self.fees_minor,
        }
    }
}

impl TryFrom<Model> for Charge {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self, Error> {
        Ok(Charge {
            payment: row.payment_id,
            currency: row.currency_code.parse().map_err(Error::inconsistent)?,
            held: row.held_minor,
            captured: row.captured_minor,
            refunded: row.refunded_minor,
            fees: row.fees_minor,
            operations: row.operations,
        })
    }
}

/// Adds an empty charge, unless there is one.
pub async fn insert_missing(
    tx: &Tx,
    id: PaymentId,
    currency: Currency,
    method: Option<&Method>,
    now: Timestamp,
) -> Result<(), Error> {
    let row = ActiveModel {
        payment_id: Set(id),
        currency_code: Set(currency.to_string()),
        method: Set(method.cloned()),
        state: Set(ChargeState::Open),
        held_minor: Set(0),
        captured_minor: Set(0),
        refunded_minor: Set(0),
        fees_minor: Set(0),
        operations: Set(0),
        create_time: Set(now),
        decision: Set(None),
        return_url: Set(None),
        expire_time: Set(None),
    };
    rows::insert_missing(tx, &[row]).await?;
    Ok(())
}

static BY_ID: Find<Entity> = Find::new(by_id);
static LOCKED_BY_ID: Find<Entity> = Find::new(|| by_id().lock(LockType::Update));

fn by_id() -> Select<Entity> {
    Entity::find().filter(Column::PaymentId.eq(given(0)))
}

/// Locks a charge until the end of the write; none when the id is not known.
pub async fn lock(tx: &Tx, id: PaymentId) -> Result<Option<Model>, Error> {
    Ok(LOCKED_BY_ID.one(tx, [id.into()]).await?)
}

/// Returns a charge; none when the id is not known.
pub async fn find(reader: &Reader, id: PaymentId) -> Result<Option<Model>, Error> {
    Ok(BY_ID.one(reader, [id.into()]).await?)
}

static AFTER: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::PaymentId.gt(given(0)))
        .order_by_asc(Column::PaymentId)
        .limit(given_limit(1))
});

/// Returns the charges of the payments after this id.
pub async fn list(
    reader: &Reader,
    after: Option<PaymentId>,
    limit: i64,
) -> Result<Vec<Charge>, Error> {
    // No bytes come before every id.
    let after = after.map_or_else(Vec::new, PaymentId::to_bytes);
    let rows = AFTER.all(reader, [after.into(), limit.into()]).await?;
    rows.into_iter().map(Charge::try_from).collect()
}

/// Writes what the customer decided about a charge that is locked.
pub async fn set_decision(tx: &Tx, id: PaymentId, approve: bool) -> Result<(), Error> {
    update(tx, id, ActiveModel { decision: Set(Some(approve.into())), ..Default::default() }).await
}

/// What an operation makes of a charge.
pub struct Change {
    pub line: Line,
    pub method: Option<Method>,
    /// How many operations took effect by now.
    pub operations: i64,
    /// Set by another authorisation, on which the customer decides again.
    pub asks_again: bool,
    pub expire_time: Option<Timestamp>,
}

/// Writes what an operation made of a charge that is locked.
pub async fn set_line(
    tx: &Tx,
    before: &Model,
    change: Change,
    return_url: Option<ReturnUrl>,
) -> Result<(), Error> {
    let Change { line, method, operations, asks_again, expire_time } = change;
    let row = ActiveModel {
        state: Set(line.state),
        held_minor: Set(line.held),
        captured_minor: Set(line.captured),
        refunded_minor: Set(line.refunded),
        fees_minor: Set(line.fees),
        operations: Set(operations),
        method: Set(method),
        decision: Set(before.decision.filter(|_| !asks_again)),
        return_url: Set(return_url.or_else(|| before.return_url.clone())),
        expire_time: Set(expire_time.or(before.expire_time)),
        ..Default::default()
    };
    update(tx, before.payment_id, row).await
}

/// Writes the amounts of a charge that is locked.
pub async fn set_amounts(tx: &Tx, id: PaymentId, line: &Line) -> Result<(), Error> {
    let row = ActiveModel {
        captured_minor: Set(line.captured),
        refunded_minor: Set(line.refunded),
        ..Default::default()
    };
    update(tx, id, row).await
}

async fn update(tx: &Tx, id: PaymentId, row: ActiveModel) -> Result<(), Error> {
    let updated = rows::update(tx, row, &[(Column::PaymentId, id.into())]).await?;
    if updated == 1 {
        Ok(())
    } else {
        Err(Error::inconsistent(format!("the charge of {id} is missing")))
    }
}
