//! Writing payments: beginning an operation, and putting down what came of it.
//!
//! **Invariant:** a payment has at most one operation in flight; every write of an operation names the epoch under which it
//! was claimed, and whoever lost the claim writes nothing.

use std::time::Duration;

use souk_data::{Engine, Tx, args};
use souk_types::{AttemptId, Money, OrderId, PaymentId, RefundId, Timestamp, TransferId};

use super::Store;
use super::read::{self, ATTEMPT_COLUMNS, COLUMNS, Held};
use crate::attempt::{self, Attempt, Kind, Verdict};
use crate::error::Error;
use crate::events;
use crate::payment::{Payment, State, Wish};
use crate::provider::FeeRate;

/// How long an operation belongs to whoever claimed it.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    pub length: Duration,
    /// How long the recovery waits after a provider was silent.
    pub pause: Duration,
}

/// A payment that is about to exist.
#[derive(Clone, Debug)]
pub struct NewPayment {
    pub id: PaymentId,
    pub order: OrderId,
    pub customer: String,
    pub amount: Money,
    pub effective_time: Option<Timestamp>,
}

/// What a caller asks for.
#[derive(Clone, Debug)]
pub struct Ask {
    pub payment: PaymentId,
    /// The payment, when the call creates it too.
    pub new: Option<NewPayment>,
    /// None creates the payment only.
    pub wish: Option<Wish>,
    /// Names the operation among those of its kind: a request id or a refund id.
    pub key: String,
    pub refund: Option<RefundId>,
    /// What the provider keeps of a capture.
    pub fee: FeeRate,
    pub effective_time: Option<Timestamp>,
}

/// An operation that is claimed and must be brought to its end.
#[derive(Clone, Debug)]
pub struct Flight {
    pub payment: Payment,
    pub attempt: Attempt,
    pub epoch: i64,
    /// It was begun before; what came of it must be inquired first.
    pub is_resumed: bool,
    /// It is the operation that was asked for, and not one that stands in its way.
    pub is_asked: bool,
}

/// What a beginning comes to.
pub enum Begun {
    Flight(Box<Flight>),
    /// Nothing is left to do; the attempt, if the call is a repeat of one.
    Done(Box<Payment>, Option<Box<Attempt>>),
}

/// The most operations that one sweep takes up.
const CLAIMED_AT_ONCE: i64 = 64;

impl Store {
    /// Begins the operation that is asked for, or finds what came of it before, or the one that stands in its way.
    pub async fn begin(&self, ask: Ask, lease: Lease, now: Timestamp) -> Result<Begun, Error> {
        self.db
            .write_locked(move |tx| {
                let ask = ask.clone();
                async move { begin(&tx, ask, lease, now).await }
            })
            .await
    }

    /// Puts down what the provider answered, after the ledger has it.
    pub async fn record(
        &self,
        flight: Flight,
        verdict: Verdict,
        hold: Option<TransferId>,
        now: Timestamp,
    ) -> Result<(Payment, Attempt), Error> {
        self.db
            .write_locked(move |tx| {
                let (flight, verdict) = (flight.clone(), verdict.clone());
                async move { record(&tx, flight, verdict, hold, now).await }
            })
            .await
    }

    /// Puts down that nobody knows what came of an operation; anybody may inquire from now on.
    pub async fn leave_unknown(&self, flight: &Flight, lease: Lease, now: Timestamp) -> Result<(), Error> {
        let (payment, attempt, epoch) = (flight.payment.id, flight.attempt.id, flight.epoch);
        self.db
            .write_locked(move |tx| async move {
                let sql = "UPDATE payments SET lease_until = $1 WHERE payment_id = $2 AND lease_epoch = $3 AND attempt_id = $4";
                let args = args![now.plus(lease.pause), payment, epoch, attempt];
                if tx.execute(sql, args).await? == 0 {
                    return Err(Error::LeaseLost(payment));
                }
                tx.execute("UPDATE attempts SET state = 2 WHERE attempt_id = $1", args![attempt]).await?;
                Ok(())
            })
            .await
    }

    /// Takes up operations that nobody works on.
    pub async fn claim_due(&self, lease: Lease, now: Timestamp) -> Result<Vec<Flight>, Error> {
        self.db
            .write_locked(move |tx| async move {
                let skip_locked = match tx.engine() {
                    Engine::Sqlite => "",
                    Engine::Postgres => " FOR UPDATE SKIP LOCKED",
                };
                let sql = format!(
                    "SELECT {COLUMNS} FROM payments WHERE attempt_id IS NOT NULL AND lease_until <= $1
                     ORDER BY lease_until LIMIT $2{skip_locked}"
                );
                let mut flights = vec![];
                for row in tx.query(&sql, args![now, CLAIMED_AT_ONCE]).await? {
                    let held = read::held_of(&row)?;
                    let id = held.attempt.expect("the query asks for one");
                    let attempt =
                        read::attempt(&tx, id).await?.ok_or(Error::Unreadable("no attempt where one must be"))?;
                    flights.push(claim(&tx, held, attempt, false, lease, now).await?);
                }
                Ok(flights)
            })
            .await
    }

    /// Frees every claim at once. Only for a database that no other process can have open.
    pub async fn free_all_leases(&self) -> Result<(), Error> {
        self.db
            .write_locked(move |tx| async move {
                tx.execute("UPDATE payments SET lease_until = 0 WHERE attempt_id IS NOT NULL", args![]).await?;
                Ok(())
            })
            .await
    }
}

async fn insert_payment(
    tx: &Tx,
    id: PaymentId,
    new: Option<&NewPayment>,
    state: State,
    currency: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let effective_time = new.and_then(|new| new.effective_time).unwrap_or(now);
    let inserted = tx
        .execute(
            "INSERT INTO payments (payment_id, order_id, customer_id, currency_code, state, amount, authorized, captured, refunded,
                 authorizations, create_time, update_time, effective_time)
             VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, $7, $8, $9) ON CONFLICT (payment_id) DO NOTHING",
            args![
                id,
                new.map(|new| new.order),
                new.map_or("", |new| new.customer.as_str()),
                currency,
                state as i64,
                new.map_or(0, |new| new.amount.minor),
                now,
                now,
                effective_time
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// The currency of a tombstone, which stands for no money at all (ISO 4217: "no currency").
const NO_CURRENCY: &str = "XXX";

async fn begin(tx: &Tx, ask: Ask, lease: Lease, now: Timestamp) -> Result<Begun, Error> {
    match (&ask.new, &ask.wish) {
        (Some(new), _) => {
            let currency = new.amount.currency.to_string();
            insert_payment(tx, new.id, Some(new), State::RequiresPaymentMethod, &currency, now).await?;
        }
        // What never arrived is remembered as canceled, so that it is refused if it arrives later.
        (None, Some(Wish::Void)) => {
            insert_payment(tx, ask.payment, None, State::Canceled, NO_CURRENCY, now).await?;
        }
        _ => {}
    }
    let sql = format!("SELECT {COLUMNS} FROM payments WHERE payment_id = $1{}", tx.lock_rows());
    let row = tx.query_row(&sql, args![ask.payment]).await?.ok_or(Error::NotFound(ask.payment))?;
    let held = read::held_of(&row)?;
    if let Some(new) = &ask.new {
        same(&held.payment, new)?;
    }
    let Some(wish) = &ask.wish else { return Ok(Begun::Done(Box::new(held.payment), None)) };

    if let Some(in_flight) = held.attempt {
        return stand_in_line(tx, held, in_flight, &ask, wish, lease, now).await;
    }
    if let Some(done) = before(tx, &held.payment, &ask, wish).await? {
        return Ok(done);
    }
    start(tx, held, &ask, wish, lease, now).await
}

/// Refuses an id that was used for something else.
fn same(payment: &Payment, new: &NewPayment) -> Result<(), Error> {
    let differs = |field| Err(Error::Differs { payment: payment.id, field });
    match payment.order {
        None => Err(Error::State { payment: payment.id, state: payment.state }),
        Some(order) if order != new.order => differs("order_id"),
        _ if payment.customer != new.customer => differs("customer_id"),
        _ if payment.amount != new.amount => differs("amount"),
        _ => Ok(()),
    }
}

fn attempt_id(payment: &Payment, kind: Kind, key: &str) -> AttemptId {
    AttemptId::derive(payment.id.as_bytes(), &format!("{}/{key}", kind.name()))
}

fn kind_of(wish: &Wish) -> Kind {
    match wish {
        Wish::Authorize { .. } => Kind::Authorize,
        Wish::Complete { .. } => Kind::Complete,
        Wish::Capture { .. } => Kind::Capture,
        Wish::Void => Kind::Void,
        Wish::Refund { .. } => Kind::Refund,
    }
}

/// An operation is in flight: somebody works on it, or it is claimed and finished first.
async fn stand_in_line(
    tx: &Tx,
    held: Held,
    in_flight: AttemptId,
    ask: &Ask,
    wish: &Wish,
    lease: Lease,
    now: Timestamp,
) -> Result<Begun, Error> {
    let attempt = read::attempt(tx, in_flight).await?.ok_or(Error::Unreadable("no attempt where one must be"))?;
    if let (Wish::Authorize { payment_method }, Kind::Authorize) = (wish, attempt.kind)
        && held.payment.payment_method.as_ref() != Some(payment_method)
    {
        return Err(Error::Differs { payment: held.payment.id, field: "payment_method" });
    }
    let is_free = attempt.state == attempt::State::Unknown || held.lease_until <= now.as_micros();
    if !is_free {
        return Err(Error::Busy(held.payment.id));
    }
    let kind = kind_of(wish);
    let is_asked =
        attempt.kind == kind && (kind == Kind::Authorize || attempt.id == asked_id(&held.payment, ask, kind));
    Ok(Begun::Flight(Box::new(claim(tx, held, attempt, is_asked, lease, now).await?)))
}

fn asked_id(payment: &Payment, ask: &Ask, kind: Kind) -> AttemptId {
    match kind {
        Kind::Authorize => attempt_id(payment, kind, &(payment.authorizations + 1).to_string()),
        Kind::Complete => attempt_id(payment, kind, &payment.authorizations.to_string()),
        _ => attempt_id(payment, kind, &ask.key),
    }
}

async fn claim(
    tx: &Tx,
    held: Held,
    attempt: Attempt,
    is_asked: bool,
    lease: Lease,
    now: Timestamp,
) -> Result<Flight, Error> {
    let epoch = held.epoch + 1;
    tx.execute(
        "UPDATE payments SET lease_epoch = $1, lease_until = $2 WHERE payment_id = $3",
        args![epoch, now.plus(lease.length), held.payment.id],
    )
    .await?;
    Ok(Flight { payment: held.payment, attempt, epoch, is_resumed: true, is_asked })
}

/// Finds what came of the same call before.
async fn before(tx: &Tx, payment: &Payment, ask: &Ask, wish: &Wish) -> Result<Option<Begun>, Error> {
    let done = |payment: &Payment, attempt: Option<Attempt>| {
        Ok(Some(Begun::Done(Box::new(payment.clone()), attempt.map(Box::new))))
    };
    match wish {
        Wish::Authorize { payment_method } => {
            let is_repeat = payment.payment_method.as_ref() == Some(payment_method);
            if !is_repeat {
                return match payment.payment_method {
                    // The first call decides what an id that is a key stands for.
                    Some(_) if ask.new.is_some() => {
                        Err(Error::Differs { payment: payment.id, field: "payment_method" })
                    }
                    _ => Ok(None),
                };
            }
            let id = attempt_id(payment, Kind::Authorize, &payment.authorizations.to_string());
            done(payment, read::attempt(tx, id).await?)
        }
        Wish::Complete { approve } => {
            let id = asked_id(payment, ask, Kind::Complete);
            match read::attempt(tx, id).await? {
                Some(attempt) if attempt.is_approval == *approve => done(payment, Some(attempt)),
                Some(_) => Err(Error::State { payment: payment.id, state: payment.state }),
                None => Ok(None),
            }
        }
        Wish::Capture { amount, .. } => match read::attempt(tx, asked_id(payment, ask, Kind::Capture)).await? {
            Some(attempt) if amount.is_none_or(|amount| amount.minor == attempt.amount) => done(payment, Some(attempt)),
            Some(_) => Err(Error::RequestIdReused(payment.id)),
            None => Ok(None),
        },
        Wish::Void if payment.state == State::Canceled => done(payment, None),
        Wish::Void => Ok(None),
        Wish::Refund { amount } => {
            let refund = ask.refund.ok_or(Error::Unreadable("a refund without an id"))?;
            let sql = format!("SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE refund_id = $1");
            match tx.query_row(&sql, args![refund]).await? {
                Some(row) => {
                    let attempt = read::attempt_of(&row)?;
                    let is_same =
                        attempt.payment == payment.id && Money { minor: attempt.amount, ..*amount } == *amount;
                    match is_same {
                        true => done(payment, Some(attempt)),
                        false => Err(Error::RefundDiffers(refund)),
                    }
                }
                None => Ok(None),
            }
        }
    }
}

async fn start(tx: &Tx, held: Held, ask: &Ask, wish: &Wish, lease: Lease, now: Timestamp) -> Result<Begun, Error> {
    let Held { mut payment, epoch, .. } = held;
    let (amount, is_final) = payment.check(wish)?;
    let kind = kind_of(wish);
    let id = asked_id(&payment, ask, kind);
    if let Wish::Authorize { payment_method } = wish {
        payment.payment_method = Some(payment_method.clone());
        payment.authorizations += 1;
    }
    let attempt = Attempt {
        id,
        payment: payment.id,
        kind,
        state: attempt::State::Started,
        amount,
        fee: if kind == Kind::Capture { ask.fee.of(amount) } else { 0 },
        is_final,
        is_approval: matches!(wish, Wish::Complete { approve: true }),
        refund: ask.refund,
        decline: None,
        is_retryable: false,
        hold: payment.hold,
        rest: if is_final { 0 } else { payment.capturable() - amount },
        create_time: now,
        effective_time: ask.effective_time.unwrap_or(payment.effective_time),
    };
    // What moves no money needs neither provider nor ledger.
    let is_instant = amount == 0 && kind != Kind::Complete;
    payment.start(kind);
    insert_attempt(tx, &attempt).await?;
    let flight = Flight { payment, attempt, epoch: epoch + 1, is_resumed: false, is_asked: true };
    let (p, until) = (&flight.payment, now.plus(lease.length));
    tx.execute(
        "UPDATE payments SET state = $1, payment_method = $2, authorizations = $3, action_url = $4, decline = $5, attempt_id = $6,
             lease_epoch = $7, lease_until = $8, update_time = $9 WHERE payment_id = $10",
        args![
            p.state as i64,
            p.payment_method,
            p.authorizations,
            p.action_url,
            p.decline,
            flight.attempt.id,
            flight.epoch,
            until,
            now,
            p.id
        ],
    )
    .await?;
    if is_instant {
        let (payment, attempt) = record(tx, flight, Verdict::Approved, None, now).await?;
        return Ok(Begun::Done(Box::new(payment), Some(Box::new(attempt))));
    }
    Ok(Begun::Flight(Box::new(flight)))
}

async fn insert_attempt(tx: &Tx, attempt: &Attempt) -> Result<(), Error> {
    tx.execute(
        &format!(
            "INSERT INTO attempts ({ATTEMPT_COLUMNS})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        ),
        args![
            attempt.id,
            attempt.payment,
            attempt.kind as i64,
            attempt.state as i64,
            attempt.amount,
            attempt.fee,
            attempt.is_final,
            attempt.is_approval,
            attempt.refund,
            attempt.decline,
            attempt.is_retryable,
            attempt.hold,
            attempt.rest,
            attempt.create_time,
            attempt.effective_time
        ],
    )
    .await?;
    Ok(())
}

async fn record(
    tx: &Tx,
    flight: Flight,
    verdict: Verdict,
    hold: Option<TransferId>,
    now: Timestamp,
) -> Result<(Payment, Attempt), Error> {
    let Flight { mut payment, mut attempt, epoch, .. } = flight;
    payment.apply(attempt.kind, attempt.amount, attempt.is_final, &verdict, hold);
    payment.update_time = now;
    attempt.state = match &verdict {
        Verdict::Declined { code, is_retryable } => {
            attempt.decline = Some(code.clone());
            attempt.is_retryable = *is_retryable;
            attempt::State::Declined
        }
        Verdict::Approved | Verdict::ActionRequired { .. } => attempt::State::Succeeded,
    };
    let updated = tx
        .execute(
            "UPDATE payments SET state = $1, authorized = $2, captured = $3, refunded = $4, action_url = $5, decline = $6,
                 hold_transfer = $7, attempt_id = NULL, lease_until = 0, update_time = $8
             WHERE payment_id = $9 AND lease_epoch = $10 AND attempt_id = $11",
            args![
                payment.state as i64,
                payment.authorized,
                payment.captured,
                payment.refunded,
                payment.action_url,
                payment.decline,
                payment.hold,
                now,
                payment.id,
                epoch,
                attempt.id
            ],
        )
        .await?;
    if updated == 0 {
        return Err(Error::LeaseLost(payment.id));
    }
    tx.execute(
        "UPDATE attempts SET state = $1, decline = $2, is_retryable = $3 WHERE attempt_id = $4",
        args![attempt.state as i64, attempt.decline, attempt.is_retryable, attempt.id],
    )
    .await?;
    events::append(tx, &payment, &attempt, now).await?;
    Ok((payment, attempt))
}
