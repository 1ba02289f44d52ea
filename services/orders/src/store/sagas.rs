//! The journal: which step every order is at, who works on it, and what was decided.
//!
//! **Invariant:** every write names the epoch of its lease; whoever lost the lease writes nothing.

use std::sync::Arc;
use std::time::Duration;

use souk_data::{Engine, Row, Tx, args};
use souk_types::{OrderId, RefundId, Timestamp};

use super::entry::{append_journal, write_entry};
use super::{Store, orders, read};
use crate::error::Error;
use crate::order::{Line, Order};
use crate::reason::Reason;
use crate::saga::{Kind, Step};

/// Who works on a saga, and for how long without a sign of life.
#[derive(Clone, Debug)]
pub struct Lease {
    pub owner: Arc<str>,
    pub length: Duration,
}

/// A saga as the journal holds it.
#[derive(Clone, Debug)]
pub struct Saga {
    pub order: OrderId,
    pub kind: Kind,
    pub step: Step,
    pub attempts: u32,
    pub taking_back: Option<Reason>,
    pub refund: Option<RefundId>,
    pub effective_time: Timestamp,
    pub give_up_time: Timestamp,
    pub cancel_requested: bool,
    pub epoch: i64,
    pub entries: i64,
}

/// What a decision changes besides the saga itself.
#[derive(Clone, Debug)]
pub enum Effect {
    Nothing,
    Priced(Vec<Line>),
    Placed,
    Paid,
    Rejected(Reason, Vec<(String, String)>),
    Canceled(Reason),
    Fulfilled,
    /// The goods did not leave, because money or stock are not what the order says: what differs.
    NotFulfilled(Vec<(String, String)>),
    RefundEnded(RefundId, bool),
    /// The customer must act; where.
    ActionNeeded(String),
    Quarantined,
}

/// One entry of the journal: what came of a step, and what follows.
#[derive(Clone, Debug)]
pub struct Record {
    pub outcome: &'static str,
    pub failure: Option<String>,
    pub next: After,
    pub taking_back: Option<Reason>,
    pub effect: Effect,
}

/// Where a saga stands after an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    Step(Step),
    /// The same step again, not before this time. Whoever keeps the lease waits for it; a lease that is not kept lets
    /// any replica go on then.
    Again {
        at: Timestamp,
        keep_lease: bool,
    },
    Quarantined,
    Ended,
    /// The order is paid; the saga goes on as a cancellation.
    Cancel,
}

/// What became of an entry.
pub enum Recorded {
    /// It stands in the journal.
    Written(Saga, Box<Order>),
    /// Meanwhile somebody asked to cancel; decide again.
    CancelRequested,
}

/// A saga that waits for STAFF.
pub struct Quarantined {
    pub order: Order,
    pub kind: Kind,
    pub step: Step,
    pub attempts: u32,
    pub failure: String,
}

pub(super) const RUNNING: i64 = 1;
pub(super) const QUARANTINED: i64 = 2;
pub(super) const ENDED: i64 = 3;

/// The most sagas that one sweep takes up.
const CLAIMED_AT_ONCE: i64 = 64;

const COLUMNS: &str = "order_id, kind, state, step, attempts, taking_back, refund_id, effective_time, give_up_time,
    cancel_requested, lease_epoch, entries";

fn saga_of(row: &Row) -> Result<Saga, Error> {
    let taking_back: Option<String> = row.get("taking_back")?;
    let taking_back = match taking_back {
        Some(name) => Some(Reason::from_name(&name).ok_or(Error::Unreadable("a reason"))?),
        None => None,
    };
    Ok(Saga {
        order: row.get("order_id")?,
        kind: Kind::from_number(row.get("kind")?).ok_or(Error::Unreadable("a kind of saga"))?,
        step: Step::from_number(row.get("step")?).ok_or(Error::Unreadable("a step"))?,
        attempts: row.get("attempts")?,
        taking_back,
        refund: row.get("refund_id")?,
        effective_time: row.get("effective_time")?,
        give_up_time: row.get("give_up_time")?,
        cancel_requested: row.get("cancel_requested")?,
        epoch: row.get("lease_epoch")?,
        entries: row.get("entries")?,
    })
}

/// Returns when that which the saga of this kind does happened in the world; none when the order's saga is of another kind.
pub(crate) async fn effective_time(tx: &Tx, order: OrderId, kind: Kind) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT effective_time FROM sagas WHERE order_id = $1 AND kind = $2";
    let row = tx.query_row(sql, args![order, kind as i64]).await?;
    Ok(row.map(|row| row.get("effective_time")).transpose()?)
}

/// Puts the saga of a new order down, leased to its maker.
pub(super) async fn first(
    tx: &Tx,
    order: &Order,
    lease: &Lease,
    give_up_time: Timestamp,
    now: Timestamp,
) -> Result<Saga, Error> {
    let step = Kind::Place.first();
    tx.execute(
        "INSERT INTO sagas (order_id, kind, state, step, effective_time, give_up_time, due_time, lease_owner, lease_epoch)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        args![
            order.id,
            Kind::Place as i64,
            RUNNING,
            step as i64,
            order.effective_time,
            give_up_time,
            now.plus(lease.length),
            &*lease.owner,
            1i64
        ],
    )
    .await?;
    Ok(Saga {
        order: order.id,
        kind: Kind::Place,
        step,
        attempts: 0,
        taking_back: None,
        refund: None,
        effective_time: order.effective_time,
        give_up_time,
        cancel_requested: false,
        epoch: 1,
        entries: 0,
    })
}

impl Store {
    /// Puts an entry into the journal, with everything that it changes.
    pub async fn record(
        &self,
        saga: Saga,
        order: Order,
        record: Record,
        lease: Lease,
        now: Timestamp,
    ) -> Result<Recorded, Error> {
        self.db
            .write_locked(move |tx| {
                let (saga, order, record, lease) = (saga.clone(), order.clone(), record.clone(), lease.clone());
                async move { write_entry(&tx, saga, order, record, lease, now).await }
            })
            .await
    }

    /// Takes up sagas that nobody works on: their lease or their pause is over.
    pub async fn claim_due(&self, lease: Lease, now: Timestamp) -> Result<Vec<(Saga, Order)>, Error> {
        self.db
            .write_locked(move |tx| {
                let lease = lease.clone();
                async move {
                    let sql = format!(
                        "SELECT {COLUMNS} FROM sagas WHERE state = 1 AND due_time <= $1 ORDER BY due_time LIMIT $2{}",
                        skip_locked(&tx)
                    );
                    let due = tx.query(&sql, args![now, CLAIMED_AT_ONCE]).await?;
                    let mut claimed = Vec::with_capacity(due.len());
                    for row in &due {
                        let mut saga = saga_of(row)?;
                        saga.epoch += 1;
                        tx.execute(
                            "UPDATE sagas SET lease_epoch = $1, lease_owner = $2, due_time = $3 WHERE order_id = $4",
                            args![saga.epoch, &*lease.owner, now.plus(lease.length), saga.order],
                        )
                        .await?;
                        let order = read::order(&tx, saga.order).await?;
                        claimed.push((saga, order));
                    }
                    Ok(claimed)
                }
            })
            .await
    }

    /// Frees the sagas of every other owner at once. Only for a database that no other process can have open.
    pub async fn free_all_leases(&self, owner: Arc<str>) -> Result<u64, Error> {
        self.db
            .write_locked(move |tx| {
                let owner = owner.clone();
                async move {
                    let freed = tx
                        .execute(
                            "UPDATE sagas SET due_time = 0 WHERE state = 1 AND lease_owner IS NOT NULL AND lease_owner <> $1",
                            args![&*owner],
                        )
                        .await?;
                    Ok(freed)
                }
            })
            .await
    }

    /// Gives a lease back, so that another replica can go on at once.
    pub async fn free_lease(&self, saga: &Saga, now: Timestamp) -> Result<(), Error> {
        let (order, epoch) = (saga.order, saga.epoch);
        self.db
            .write_locked(move |tx| async move {
                tx.execute(
                    "UPDATE sagas SET due_time = $1, lease_owner = NULL WHERE order_id = $2 AND lease_epoch = $3 AND state = 1",
                    args![now, order, epoch],
                )
                .await?;
                Ok(())
            })
            .await
    }

    /// Lets a quarantined saga try its step again.
    pub async fn resume(&self, id: OrderId, lease: Lease, now: Timestamp) -> Result<(Saga, Order), Error> {
        self.db
            .write_locked(move |tx| {
                let lease = lease.clone();
                async move { leave_quarantine(&tx, id, "resumed", &lease, now).await }
            })
            .await
    }

    /// Ends the step that a quarantined saga waits for: `decide` says what follows its success. Returns the saga unless
    /// it has come to its end.
    pub async fn settle<F>(
        &self,
        id: OrderId,
        note: String,
        decide: F,
        lease: Lease,
        now: Timestamp,
    ) -> Result<(Option<Saga>, Order), Error>
    where
        F: Fn(&Saga, &Order) -> Record + Clone + Send + Sync + 'static,
    {
        self.db
            .write_locked(move |tx| {
                let (note, decide, lease) = (format!("settled: {note}"), decide.clone(), lease.clone());
                async move {
                    let (saga, order) = leave_quarantine(&tx, id, &note, &lease, now).await?;
                    let record = decide(&saga, &order);
                    let has_ended = record.next == After::Ended;
                    match write_entry(&tx, saga, order, record, lease, now).await? {
                        Recorded::Written(saga, order) => Ok((Some(saga).filter(|_| !has_ended), *order)),
                        Recorded::CancelRequested => Err(Error::Busy(id)),
                    }
                }
            })
            .await
    }
}

async fn leave_quarantine(
    tx: &Tx,
    id: OrderId,
    outcome: &str,
    lease: &Lease,
    now: Timestamp,
) -> Result<(Saga, Order), Error> {
    let (state, mut saga) = locked_saga(tx, id).await?.ok_or(Error::NotFound(id))?;
    if state != QUARANTINED {
        return Err(Error::NotQuarantined(id));
    }
    saga.epoch += 1;
    saga.entries += 1;
    saga.attempts = 0;
    tx.execute(
        "UPDATE sagas SET state = 1, attempts = 0, lease_epoch = $1, lease_owner = $2, due_time = $3, entries = $4
         WHERE order_id = $5",
        args![saga.epoch, &*lease.owner, now.plus(lease.length), saga.entries, id],
    )
    .await?;
    append_journal(tx, &saga, outcome, now).await?;
    let mut order = read::order(tx, id).await?;
    order.is_quarantined = false;
    orders::put(tx, &mut order, "resumed", now).await?;
    Ok((saga, order))
}

/// Returns the saga of an order with its state, locked until the end of the transaction.
pub(super) async fn locked_saga(tx: &Tx, order: OrderId) -> Result<Option<(i64, Saga)>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM sagas WHERE order_id = $1{}", tx.lock_rows());
    match tx.query_row(&sql, args![order]).await? {
        Some(row) => Ok(Some((row.get("state")?, saga_of(&row)?))),
        None => Ok(None),
    }
}

/// Leaves rows that another replica is claiming to it.
fn skip_locked(tx: &Tx) -> &'static str {
    match tx.engine() {
        Engine::Sqlite => "",
        Engine::Postgres => " FOR UPDATE SKIP LOCKED",
    }
}
