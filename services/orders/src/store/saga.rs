//! Sagas: the current step of every order, and its lease.
//!
//! **Invariant:** every write names the epoch of its lease; a driver that lost the lease writes
//! nothing.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, LockBehavior, LockType};
use sea_orm::{QueryOrder, QuerySelect, Set, UpdateMany};
use souk_data::{Find, Prepared, Reader, Tx, given, rows};
use souk_types::{CaptureId, OrderId, RefundId, Timestamp};

use crate::actor::Actor;
use crate::error::Error;
use crate::part::Cancellation;
use crate::reason::Reason;
use crate::saga::{Lease, Progress, Saga};
use crate::step::{Kind, Step};

/// The saga that is in progress on an order, or the last that was.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sagas")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: OrderId,
    pub kind: Kind,
    pub state: Progress,
    pub step: Step,
    pub attempts: i64,
    pub taking_back: Option<Reason>,
    pub refund_id: Option<RefundId>,
    pub failure: Option<String>,
    /// How many entries the journal has.
    pub entries: i64,
    pub effective_time: Timestamp,
    pub give_up_time: Timestamp,
    pub cancel_requested: i64,
    /// The saga is free for any replica to take once this has passed: the end of a lease, or of a
    /// pause.
    pub due_time: Timestamp,
    pub lease_owner: Option<String>,
    pub lease_epoch: i64,
    /// Who asked for the operation, and for the cancellation of it.
    pub actor: String,
    pub cancel_actor: String,
    pub cancel_reason: i64,
    pub cancel_note: String,
    /// The capture of a saga that captures, and its amount; none for all that is left.
    pub capture_id: Option<CaptureId>,
    pub capture_minor: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Saga {
    fn from(row: Model) -> Self {
        Saga {
            order: row.order_id,
            kind: row.kind,
            progress: row.state,
            step: row.step,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            taking_back: row.taking_back,
            refund: row.refund_id,
            capture: row.capture_id,
            capture_minor: row.capture_minor,
            effective_time: row.effective_time,
            give_up_time: row.give_up_time,
            cancel_requested: row.cancel_requested != 0,
            actor: Actor(row.actor),
            cancellation: Cancellation {
                actor: Actor(row.cancel_actor),
                reason: row.cancel_reason,
                note: row.cancel_note,
            },
            epoch: row.lease_epoch,
            entries: row.entries,
        }
    }
}

/// Adds the first saga of an order, leased to its maker.
pub async fn insert(tx: &Tx, saga: &Saga, lease: &Lease, now: Timestamp) -> Result<(), Error> {
    let row = ActiveModel {
        order_id: Set(saga.order),
        kind: Set(saga.kind),
        state: Set(saga.progress),
        step: Set(saga.step),
        attempts: Set(saga.attempts.into()),
        taking_back: Set(saga.taking_back),
        refund_id: Set(saga.refund),
        failure: Set(None),
        entries: Set(saga.entries),
        effective_time: Set(saga.effective_time),
        give_up_time: Set(saga.give_up_time),
        cancel_requested: Set(saga.cancel_requested.into()),
        due_time: Set(now.plus(lease.length)),
        lease_owner: Set(Some(lease.owner.to_string())),
        lease_epoch: Set(saga.epoch),
        actor: Set(saga.actor.0.clone()),
        cancel_actor: Set(saga.cancellation.actor.0.clone()),
        cancel_reason: Set(saga.cancellation.reason),
        cancel_note: Set(saga.cancellation.note.clone()),
        capture_id: Set(saga.capture),
        capture_minor: Set(saga.capture_minor),
    };
    Ok(rows::insert_all(tx, &[row]).await?)
}

static LOCKED_BY_ID: Find<Entity> =
    Find::new(|| Entity::find().filter(Column::OrderId.eq(given(0))).lock(LockType::Update));

/// Locks the saga of an order until the end of the write; none when there is no such order.
pub async fn lock(tx: &Tx, order: OrderId) -> Result<Option<Saga>, Error> {
    Ok(LOCKED_BY_ID.one(tx, [order.into()]).await?.map(Saga::from))
}

/// Locks the saga of an order until the end of the write, unless a driver has it at this time.
/// Returns whether none has. A driver whose lease has expired finds at its next write that it is
/// lost, so that it does not go on with the order as it was; when the saga is due stays the same.
pub async fn lock_at_rest(tx: &Tx, order: OrderId, now: Timestamp) -> Result<bool, Error> {
    let row = LOCKED_BY_ID.one(tx, [order.into()]).await?.ok_or(Error::NotFound(order))?;
    if row.state != Progress::Running || row.lease_owner.is_none() {
        return Ok(true);
    }
    if row.due_time > now {
        return Ok(false);
    }
    Entity::update_many()
        .col_expr(Column::LeaseEpoch, Column::LeaseEpoch.into_expr().add(1))
        .filter(Column::OrderId.eq(order))
        .exec(tx)
        .await?;
    Ok(true)
}

/// Who continues a saga, and when others may.
pub struct Due<'a> {
    /// None when any replica may take it up then.
    pub owner: Option<&'a str>,
    pub time: Timestamp,
}

impl<'a> Due<'a> {
    /// Leaves the saga to the holder of a lease.
    pub fn leased(lease: &'a Lease, from: Timestamp) -> Self {
        Due { owner: Some(&lease.owner), time: from.plus(lease.length) }
    }

    /// Leaves the saga to the first replica that finds it due.
    pub fn free(time: Timestamp) -> Self {
        Due { owner: None, time }
    }
}

static ADVANCE: Prepared<UpdateMany<Entity>, ()> = Prepared::new(|| {
    Entity::update_many()
        .col_expr(Column::Kind, Expr::val(given(0)))
        .col_expr(Column::State, Expr::val(given(1)))
        .col_expr(Column::Step, Expr::val(given(2)))
        .col_expr(Column::Attempts, Expr::val(given(3)))
        .col_expr(Column::TakingBack, Expr::val(given(4)))
        .col_expr(Column::Failure, Expr::val(given(5)))
        .col_expr(Column::DueTime, Expr::val(given(6)))
        .col_expr(Column::LeaseOwner, Expr::val(given(7)))
        .col_expr(Column::Entries, Expr::val(given(8)))
        .col_expr(Column::CancelRequested, Expr::val(given(9)))
        .col_expr(Column::CaptureMinor, Expr::val(given(10)))
        .filter(Column::OrderId.eq(given(11)))
        .filter(Column::LeaseEpoch.eq(given(12)))
        .filter(Column::State.eq(Progress::Running))
        .filter(Column::CancelRequested.eq(given(13)))
});

/// Moves a saga on from what it was before. Returns false when its lease is lost, or a cancellation
/// was asked for meanwhile.
pub async fn advance(
    tx: &Tx,
    before: &Saga,
    after: &Saga,
    failure: Option<&str>,
    due: Due<'_>,
) -> Result<bool, Error> {
    let values = [
        after.kind.into(),
        after.progress.into(),
        after.step.into(),
        i64::from(after.attempts).into(),
        after.taking_back.into(),
        failure.map(str::to_owned).into(),
        due.time.into(),
        due.owner.map(str::to_owned).into(),
        after.entries.into(),
        i64::from(after.cancel_requested).into(),
        after.capture_minor.into(),
        before.order.into(),
        before.epoch.into(),
        i64::from(before.cancel_requested).into(),
    ];
    Ok(ADVANCE.execute(tx, values).await? > 0)
}

static LEASED: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::OrderId.eq(given(0)))
        .filter(Column::LeaseEpoch.eq(given(1)))
        .filter(Column::State.eq(Progress::Running))
});

/// Returns a saga as it is now, if the lease under which it was read is still valid.
pub async fn leased(reader: &Reader, saga: &Saga) -> Result<Option<Saga>, Error> {
    let row = LEASED.one(reader, [saga.order.into(), saga.epoch.into()]).await?;
    Ok(row.map(Saga::from))
}

static RESTART: Prepared<UpdateMany<Entity>, ()> = Prepared::new(|| {
    Entity::update_many()
        .col_expr(Column::Kind, Expr::val(given(0)))
        .col_expr(Column::State, Expr::val(given(1)))
        .col_expr(Column::Step, Expr::val(given(2)))
        .col_expr(Column::Attempts, Expr::val(given(3)))
        .col_expr(Column::TakingBack, Expr::val(given(4)))
        .col_expr(Column::RefundId, Expr::val(given(5)))
        .col_expr(Column::Failure, Expr::val(given(6)))
        .col_expr(Column::EffectiveTime, Expr::val(given(7)))
        .col_expr(Column::GiveUpTime, Expr::val(given(8)))
        .col_expr(Column::CancelRequested, Expr::val(given(9)))
        .col_expr(Column::DueTime, Expr::val(given(10)))
        .col_expr(Column::LeaseOwner, Expr::val(given(11)))
        .col_expr(Column::LeaseEpoch, Expr::val(given(12)))
        .col_expr(Column::Actor, Expr::val(given(13)))
        .col_expr(Column::CancelActor, Expr::val(given(14)))
        .col_expr(Column::CancelReason, Expr::val(given(15)))
        .col_expr(Column::CancelNote, Expr::val(given(16)))
        .col_expr(Column::CaptureId, Expr::val(given(17)))
        .col_expr(Column::CaptureMinor, Expr::val(given(18)))
        .filter(Column::OrderId.eq(given(19)))
});

/// Writes a new operation into the row of a saga that was locked before and has ended.
pub async fn restart(
    tx: &Tx,
    saga: &Saga,
    failure: Option<&str>,
    due: Due<'_>,
) -> Result<(), Error> {
    let values = [
        saga.kind.into(),
        saga.progress.into(),
        saga.step.into(),
        i64::from(saga.attempts).into(),
        saga.taking_back.into(),
        saga.refund.into(),
        failure.map(str::to_owned).into(),
        saga.effective_time.into(),
        saga.give_up_time.into(),
        i64::from(saga.cancel_requested).into(),
        due.time.into(),
        due.owner.map(str::to_owned).into(),
        saga.epoch.into(),
        saga.actor.0.clone().into(),
        saga.cancellation.actor.0.clone().into(),
        saga.cancellation.reason.into(),
        saga.cancellation.note.clone().into(),
        saga.capture.into(),
        saga.capture_minor.into(),
        saga.order.into(),
    ];
    RESTART.execute(tx, values).await?;
    Ok(())
}

/// Lets a saga that was locked before go on after its quarantine.
pub async fn resume(tx: &Tx, saga: &Saga, due: Due<'_>) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::State, Expr::val(saga.progress))
        .col_expr(Column::Attempts, Expr::val(i64::from(saga.attempts)))
        .col_expr(Column::LeaseEpoch, Expr::val(saga.epoch))
        .col_expr(Column::LeaseOwner, Expr::val(due.owner.map(str::to_owned)))
        .col_expr(Column::DueTime, Expr::val(due.time))
        .col_expr(Column::Entries, Expr::val(saga.entries))
        .filter(Column::OrderId.eq(saga.order))
        .exec(tx)
        .await?;
    Ok(())
}

/// Asks the saga that is in progress on an order to cancel it. One that rests is due at once.
pub async fn request_cancel(
    tx: &Tx,
    order: OrderId,
    cancellation: &Cancellation,
    now: Timestamp,
) -> Result<(), Error> {
    let is_at_rest = Column::LeaseOwner.is_null();
    let due_time = Expr::case(is_at_rest, Expr::val(now)).finally(Column::DueTime.into_expr());
    Entity::update_many()
        .col_expr(Column::CancelRequested, Expr::val(1_i64))
        .col_expr(Column::CancelActor, Expr::val(cancellation.actor.0.clone()))
        .col_expr(Column::CancelReason, Expr::val(cancellation.reason))
        .col_expr(Column::CancelNote, Expr::val(cancellation.note.clone()))
        .col_expr(Column::DueTime, due_time.into())
        .filter(Column::OrderId.eq(order))
        .exec(tx)
        .await?;
    Ok(())
}

/// The most sagas that one sweep takes up.
const CLAIMED_AT_ONCE: u64 = 64;

static DUE: Find<Entity> = Find::new(|| {
    Entity::find()
        // Written out, so that the index of running sagas is used.
        .filter(Expr::cust("state = 1"))
        .filter(Column::DueTime.lte(given(0)))
        .order_by_asc(Column::DueTime)
        .limit(CLAIMED_AT_ONCE)
        // Rows that another replica is claiming are left to it.
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
});

/// Takes over sagas that no replica drives: their lease or their pause has expired.
pub async fn claim_due(tx: &Tx, lease: &Lease, now: Timestamp) -> Result<Vec<Saga>, Error> {
    let due = DUE.all(tx, [now.into()]).await?;
    let ids: Vec<OrderId> = due.iter().map(|row| row.order_id).collect();
    for ids in rows::chunks(&ids) {
        Entity::update_many()
            .col_expr(Column::LeaseEpoch, Column::LeaseEpoch.into_expr().add(1))
            .col_expr(Column::LeaseOwner, Expr::val(&*lease.owner))
            .col_expr(Column::DueTime, Expr::val(now.plus(lease.length)))
            .filter(Column::OrderId.is_in(ids.iter().copied()))
            .exec(tx)
            .await?;
    }
    let claimed = due.into_iter().map(|row| Saga { epoch: row.lease_epoch + 1, ..row.into() });
    Ok(claimed.collect())
}

/// Frees the sagas of every other owner at once. Only for a database that no other process can have
/// open.
pub async fn free_all(tx: &Tx, owner: &str) -> Result<u64, Error> {
    let freed = Entity::update_many()
        .col_expr(Column::DueTime, Expr::val(0_i64))
        .filter(Column::State.eq(Progress::Running))
        .filter(Column::LeaseOwner.ne(owner))
        .exec(tx)
        .await?;
    Ok(freed.rows_affected)
}

/// Gives a lease back, so that another replica can go on at once.
pub async fn free(tx: &Tx, saga: &Saga, now: Timestamp) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::DueTime, Expr::val(now))
        .col_expr(Column::LeaseOwner, Expr::val(None::<String>))
        .filter(Column::OrderId.eq(saga.order))
        .filter(Column::LeaseEpoch.eq(saga.epoch))
        .filter(Column::State.eq(Progress::Running))
        .exec(tx)
        .await?;
    Ok(())
}
