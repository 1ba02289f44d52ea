//! Rows ↔ values.

use souk_data::{Row, Tx, args};
use souk_types::{Money, OrderId, Timestamp};

use crate::attempt::{Attempt, CaptureKey, Decline, Kind, Method, Stage};
use crate::error::Error;
use crate::payment::Payment;
use crate::refund::{Refund, RefundState};
use crate::state::State;

/// The slot of a payment as its row has it.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub state: i64,
    pub epoch: i64,
    pub due_time: Option<Timestamp>,
}

pub const PAYMENT_COLUMNS: &str = "payment_id, order_id, customer_id, currency_code, amount_minor, authorized_minor,
    captured_minor, refunded_minor, fees_minor, state, method, decline, is_retryable, action_url, hold_id, attempts, slot, epoch,
    due_time, create_time, update_time, effective_time";

pub const ATTEMPT_COLUMNS: &str =
    "payment_id, attempt_number, kind, stage, amount_minor, rest_minor, hold_id, makes_hold,
    request_id, asked_minor, is_final, refund_id, fee_minor, decline, is_retryable, tries, create_time, effective_time";

pub const REFUND_COLUMNS: &str =
    "refund_id, payment_id, currency_code, amount_minor, state, attempt_number, create_time,
    effective_time";

pub fn payment_of(row: &Row) -> Result<(Payment, Slot), Error> {
    let currency: String = row.get("currency_code")?;
    let currency = currency.parse().map_err(|_| Error::Unreadable("a currency"))?;
    let slot = Slot { state: row.get("slot")?, epoch: row.get("epoch")?, due_time: row.get("due_time")? };
    let payment = Payment {
        id: row.get("payment_id")?,
        order: order_of(row)?,
        customer: row.get("customer_id")?,
        amount: Money::new(currency, row.get("amount_minor")?),
        authorized: row.get("authorized_minor")?,
        captured: row.get("captured_minor")?,
        refunded: row.get("refunded_minor")?,
        fees: row.get("fees_minor")?,
        state: State::from_number(row.get("state")?).ok_or(Error::Unreadable("a state of a payment"))?,
        method: row.get::<Option<String>>("method")?.map(Method),
        decline: decline_of(row)?,
        action_url: row.get("action_url")?,
        hold: row.get("hold_id")?,
        attempts: row.get("attempts")?,
        is_in_flight: slot.state != super::FREE,
        create_time: row.get("create_time")?,
        update_time: row.get("update_time")?,
        effective_time: row.get("effective_time")?,
    };
    Ok((payment, slot))
}

/// A payment that staff made directly has an empty order id: only a tombstone may have none at all.
fn order_of(row: &Row) -> Result<Option<OrderId>, Error> {
    let bytes: Option<Vec<u8>> = row.get("order_id")?;
    if bytes.is_none_or(|bytes| bytes.is_empty()) { Ok(None) } else { Ok(row.get("order_id")?) }
}

fn order_bytes(payment: &Payment) -> Option<Vec<u8>> {
    payment.order.map(OrderId::to_bytes).or_else(|| (!payment.is_tombstone()).then(Vec::new))
}

fn decline_of(row: &Row) -> Result<Option<Decline>, Error> {
    let reason: Option<String> = row.get("decline")?;
    let is_retryable = row.get("is_retryable")?;
    Ok(reason.map(|reason| Decline { reason, is_retryable }))
}

pub fn attempt_of(row: &Row) -> Result<Attempt, Error> {
    let request_id: Option<String> = row.get("request_id")?;
    let (asked, is_final) = (row.get("asked_minor")?, row.get("is_final")?);
    Ok(Attempt {
        payment: row.get("payment_id")?,
        number: row.get("attempt_number")?,
        kind: Kind::from_number(row.get("kind")?).ok_or(Error::Unreadable("a kind of attempt"))?,
        stage: Stage::from_number(row.get("stage")?).ok_or(Error::Unreadable("a stage of an attempt"))?,
        amount: row.get("amount_minor")?,
        rest: row.get("rest_minor")?,
        hold: row.get("hold_id")?,
        makes_hold: row.get("makes_hold")?,
        capture: request_id.map(|request_id| CaptureKey { request_id, asked, is_final }),
        refund: row.get("refund_id")?,
        fee: row.get("fee_minor")?,
        decline: decline_of(row)?,
        tries: row.get("tries")?,
        create_time: row.get("create_time")?,
        effective_time: row.get("effective_time")?,
    })
}

pub fn refund_of(row: &Row) -> Result<Refund, Error> {
    let currency: String = row.get("currency_code")?;
    let currency = currency.parse().map_err(|_| Error::Unreadable("a currency"))?;
    Ok(Refund {
        id: row.get("refund_id")?,
        payment: row.get("payment_id")?,
        amount: Money::new(currency, row.get("amount_minor")?),
        state: RefundState::from_number(row.get("state")?).ok_or(Error::Unreadable("a state of a refund"))?,
        attempt: row.get("attempt_number")?,
        create_time: row.get("create_time")?,
        effective_time: row.get("effective_time")?,
    })
}

/// Puts a new payment down, unless its id is taken; tells which.
pub async fn insert_payment(tx: &Tx, payment: &Payment, slot: Slot) -> Result<bool, Error> {
    let inserted = tx
        .execute(
            "INSERT INTO payments (payment_id, order_id, customer_id, currency_code, amount_minor, state, method, hold_id,
                 attempts, slot, epoch, due_time, create_time, update_time, effective_time)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (payment_id) DO NOTHING",
            args![
                payment.id,
                order_bytes(payment),
                payment.customer,
                payment.amount.currency.as_str(),
                payment.amount.minor,
                payment.state as i64,
                payment.method.as_ref().map(|method| method.0.clone()),
                payment.hold,
                payment.attempts,
                slot.state,
                slot.epoch,
                slot.due_time,
                payment.create_time,
                payment.update_time,
                payment.effective_time,
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Puts a payment down as it has become, with its slot, if nobody has claimed it since `epoch`; tells whether.
pub async fn update_payment(tx: &Tx, payment: &Payment, slot: Slot, epoch: i64) -> Result<bool, Error> {
    let updated = tx
        .execute(
            "UPDATE payments SET authorized_minor = $1, captured_minor = $2, refunded_minor = $3, fees_minor = $4, state = $5,
                 method = $6, decline = $7, is_retryable = $8, action_url = $9, hold_id = $10, attempts = $11, slot = $12,
                 epoch = $13, due_time = $14, update_time = $15
             WHERE payment_id = $16 AND epoch = $17",
            args![
                payment.authorized,
                payment.captured,
                payment.refunded,
                payment.fees,
                payment.state as i64,
                payment.method.as_ref().map(|method| method.0.clone()),
                payment.decline.as_ref().map(|decline| decline.reason.clone()),
                payment.decline.as_ref().is_some_and(|decline| decline.is_retryable),
                payment.action_url,
                payment.hold,
                payment.attempts,
                slot.state,
                slot.epoch,
                slot.due_time,
                payment.update_time,
                payment.id,
                epoch,
            ],
        )
        .await?;
    Ok(updated == 1)
}

pub async fn insert_attempt(tx: &Tx, attempt: &Attempt) -> Result<(), Error> {
    let capture = attempt.capture.as_ref();
    tx.execute(
        "INSERT INTO attempts (payment_id, attempt_number, kind, stage, amount_minor, rest_minor, hold_id, makes_hold,
             request_id, asked_minor, is_final, refund_id, create_time, effective_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        args![
            attempt.payment,
            attempt.number,
            attempt.kind as i64,
            attempt.stage as i64,
            attempt.amount,
            attempt.rest,
            attempt.hold,
            attempt.makes_hold,
            capture.map(|capture| capture.request_id.clone()),
            capture.and_then(|capture| capture.asked),
            capture.is_some_and(|capture| capture.is_final),
            attempt.refund,
            attempt.create_time,
            attempt.effective_time,
        ],
    )
    .await?;
    Ok(())
}

pub async fn update_attempt(tx: &Tx, attempt: &Attempt) -> Result<(), Error> {
    tx.execute(
        "UPDATE attempts SET stage = $1, hold_id = $2, fee_minor = $3, decline = $4, is_retryable = $5, tries = $6
         WHERE payment_id = $7 AND attempt_number = $8",
        args![
            attempt.stage as i64,
            attempt.hold,
            attempt.fee,
            attempt.decline.as_ref().map(|decline| decline.reason.clone()),
            attempt.decline.as_ref().is_some_and(|decline| decline.is_retryable),
            attempt.tries,
            attempt.payment,
            attempt.number,
        ],
    )
    .await?;
    Ok(())
}
