//! The journal: which step every order is at, who works on it, and what was decided.
//!
//! **Invariant:** every write names the epoch of its lease; whoever lost the lease writes nothing.

use std::sync::Arc;
use std::time::Duration;

use souk_data::{Engine, Row, Tx, args};
use souk_types::{OrderId, RefundId, Timestamp};

use super::orders::{self, RequestKey};
use super::{Store, read};
use crate::error::{Error, Reason};
use crate::order::{Line, Order, RefundWish, State};
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

const RUNNING: i64 = 1;
const QUARANTINED: i64 = 2;
const ENDED: i64 = 3;

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

/// An operation to start on an order that has none under way.
#[derive(Clone, Debug)]
pub enum Start {
    Cancel,
    Fulfill { effective_time: Option<Timestamp> },
    Refund { id: RefundId, wish: RefundWish, request: RequestKey },
}

/// What became of a start.
pub enum Started {
    /// It is under way, leased to whoever started it.
    Saga(Box<Order>, Saga),
    /// There is nothing to do, or others do it already; the order as it stands.
    Order(Box<Order>),
}

impl Store {
    /// Starts an operation on an order, or finds that it was done, or says why it cannot be.
    pub async fn start(
        &self,
        order: OrderId,
        start: Start,
        lease: Lease,
        give_up_after: Duration,
        now: Timestamp,
    ) -> Result<Started, Error> {
        self.db
            .write_locked(move |tx| {
                let (start, lease) = (start.clone(), lease.clone());
                async move {
                    let saga = locked_saga(&tx, order).await?;
                    let found = read::order(&tx, order).await?;
                    begin(&tx, found, saga, start, lease, now.plus(give_up_after), now).await
                }
            })
            .await
    }

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
async fn locked_saga(tx: &Tx, order: OrderId) -> Result<Option<(i64, Saga)>, Error> {
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

async fn begin(
    tx: &Tx,
    mut order: Order,
    saga: Option<(i64, Saga)>,
    start: Start,
    lease: Lease,
    give_up_time: Timestamp,
    now: Timestamp,
) -> Result<Started, Error> {
    let (state, saga) = saga.ok_or(Error::NotFound(order.id))?;
    let is_busy = state != ENDED;
    let (kind, refund, effective_time) = match start {
        Start::Cancel => match order.state {
            State::Canceled | State::Rejected => return Ok(Started::Order(Box::new(order))),
            State::Fulfilled | State::Refunded => return Err(Error::State { order: order.id, state: order.state }),
            // The saga that places it, or that cancels it already, sees to it.
            _ if is_busy && matches!(saga.kind, Kind::Place | Kind::Cancel) => {
                tx.execute("UPDATE sagas SET cancel_requested = 1 WHERE order_id = $1", args![order.id]).await?;
                return Ok(Started::Order(Box::new(order)));
            }
            _ if is_busy => return Err(Error::Busy(order.id)),
            _ => (Kind::Cancel, None, now),
        },
        Start::Fulfill { effective_time } => match order.state {
            State::Fulfilled => return Ok(Started::Order(Box::new(order))),
            _ if is_busy => return Err(Error::Busy(order.id)),
            State::Paid => (Kind::Fulfill, None, effective_time.unwrap_or(now)),
            state => return Err(Error::State { order: order.id, state }),
        },
        Start::Refund { id, wish, request } => {
            if let Some(before) = read::refund_by_request(tx, &request).await? {
                return match before == order.id {
                    true => Ok(Started::Order(Box::new(order))),
                    false => Err(Error::RequestIdReused("refund")),
                };
            }
            if is_busy {
                return Err(Error::Busy(order.id));
            }
            let refund = order.plan_refund(id, &wish, now)?;
            let effective_time = refund.effective_time;
            order.refunds.push(refund);
            let refund = order.refunds.last().expect("it was just pushed");
            orders::insert_refund(tx, &order, refund, &request).await?;
            (Kind::Refund, Some(id), effective_time)
        }
    };
    let saga = Saga {
        kind,
        step: kind.first(),
        attempts: 0,
        taking_back: (kind == Kind::Cancel).then_some(Reason::OrderCanceled),
        refund,
        effective_time,
        give_up_time,
        cancel_requested: false,
        epoch: saga.epoch + 1,
        ..saga
    };
    restart(tx, &saga, &lease, now).await?;
    orders::put(tx, &mut order, orders::started(kind), now).await?;
    Ok(Started::Saga(Box::new(order), saga))
}

/// Puts a new operation into the row of the order's saga.
async fn restart(tx: &Tx, saga: &Saga, lease: &Lease, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE sagas SET kind = $1, state = 1, step = $2, attempts = 0, taking_back = $3, refund_id = $4, failure = NULL,
             effective_time = $5, give_up_time = $6, cancel_requested = 0, due_time = $7, lease_owner = $8, lease_epoch = $9
         WHERE order_id = $10",
        args![
            saga.kind as i64,
            saga.step as i64,
            saga.taking_back.map(|reason| reason.name()),
            saga.refund,
            saga.effective_time,
            saga.give_up_time,
            now.plus(lease.length),
            &*lease.owner,
            saga.epoch,
            saga.order
        ],
    )
    .await?;
    Ok(())
}

async fn write_entry(
    tx: &Tx,
    saga: Saga,
    mut order: Order,
    record: Record,
    lease: Lease,
    now: Timestamp,
) -> Result<Recorded, Error> {
    let mut after = Saga { entries: saga.entries + 1, attempts: 0, ..saga.clone() };
    after.taking_back = record.taking_back.or(saga.taking_back);
    let leased_until = now.plus(lease.length);
    let (state, due, owner) = match record.next {
        After::Step(step) => {
            after.step = step;
            (RUNNING, leased_until, Some(&*lease.owner))
        }
        After::Again { at, keep_lease } => {
            after.attempts = saga.attempts + 1;
            match keep_lease {
                true => (RUNNING, at.plus(lease.length), Some(&*lease.owner)),
                false => (RUNNING, at, None),
            }
        }
        After::Quarantined => {
            after.attempts = saga.attempts + 1;
            (QUARANTINED, now, None)
        }
        After::Ended => (ENDED, now, None),
        After::Cancel => {
            (after.kind, after.step, after.cancel_requested) = (Kind::Cancel, Kind::Cancel.first(), false);
            after.taking_back = Some(Reason::OrderCanceled);
            (RUNNING, leased_until, Some(&*lease.owner))
        }
    };
    let updated = tx
        .execute(
            "UPDATE sagas SET kind = $1, state = $2, step = $3, attempts = $4, taking_back = $5, failure = $6, due_time = $7,
                 lease_owner = $8, entries = $9, cancel_requested = $10
             WHERE order_id = $11 AND lease_epoch = $12 AND state = 1 AND cancel_requested = $13",
            args![
                after.kind as i64,
                state,
                after.step as i64,
                after.attempts,
                after.taking_back.map(|reason| reason.name()),
                record.failure,
                due,
                owner,
                after.entries,
                after.cancel_requested,
                saga.order,
                saga.epoch,
                saga.cancel_requested
            ],
        )
        .await?;
    if updated == 0 {
        let row = tx
            .query_row(
                "SELECT lease_epoch FROM sagas WHERE order_id = $1 AND lease_epoch = $2 AND state = 1",
                args![saga.order, saga.epoch],
            )
            .await?;
        return row.map(|_| Recorded::CancelRequested).ok_or(Error::LeaseLost);
    }
    append_journal(tx, &Saga { entries: after.entries, ..saga }, record.outcome, now).await?;
    apply(tx, &mut order, record.effect, now).await?;
    Ok(Recorded::Written(after, Box::new(order)))
}

async fn append_journal(tx: &Tx, saga: &Saga, outcome: &str, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO journal (order_id, entry, kind, step, outcome, lease_epoch, entry_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        args![saga.order, saga.entries, saga.kind as i64, saga.step as i64, outcome, saga.epoch, now],
    )
    .await?;
    Ok(())
}

async fn apply(tx: &Tx, order: &mut Order, effect: Effect, now: Timestamp) -> Result<(), Error> {
    let kind = match effect {
        Effect::Nothing => return Ok(()),
        Effect::Priced(lines) => {
            // A total that overflows was turned into a refusal before it came here.
            order.price(lines).map_err(|_| Error::Unreadable("a total beyond 64 bits"))?;
            orders::insert_lines(tx, order.id, &order.lines).await?;
            "priced"
        }
        Effect::Placed => {
            order.place()?;
            "placed"
        }
        Effect::Paid => {
            order.pay()?;
            "paid"
        }
        Effect::Rejected(reason, facts) => {
            order.reject(reason)?;
            read::keep_facts(tx, order.id, &facts).await?;
            "rejected"
        }
        Effect::Canceled(reason) => {
            order.cancel(reason)?;
            "canceled"
        }
        Effect::Fulfilled => {
            order.fulfill()?;
            "fulfilled"
        }
        Effect::RefundEnded(id, succeeded) => {
            order.settle_refund(id, succeeded)?;
            orders::settle_refund(tx, order, id).await?;
            if succeeded { "refund_succeeded" } else { "refund_failed" }
        }
        Effect::ActionNeeded(url) => {
            order.action_url = Some(url);
            "action_needed"
        }
        Effect::Quarantined => {
            order.is_quarantined = true;
            "quarantined"
        }
    };
    orders::put(tx, order, kind, now).await
}
