//! Writing orders: creating one with its saga, and putting down each change with its row of history.

use std::time::Duration;

use souk_data::{Error as DataError, Tx, args, placeholders};
use souk_types::{Currency, OrderId, RefundId, Timestamp};

use super::sagas::{self, Lease, Saga};
use super::{Store, read};
use crate::error::Error;
use crate::events;
use crate::order::{Line, Order, Refund, RefundState};
use crate::saga::Kind;
use crate::state::State;

/// Names a request that must not take effect twice, and what it asked for.
#[derive(Clone, Debug)]
pub struct RequestKey {
    /// The caller and its request id.
    pub key: String,
    /// SHA-256 of the request without its id.
    pub hash: Vec<u8>,
}

/// An order that is about to exist.
#[derive(Clone, Debug)]
pub struct NewOrder {
    pub id: OrderId,
    pub customer: String,
    pub reference: String,
    pub currency: Currency,
    /// The lines as they were asked for, encoded.
    pub wishes: Vec<u8>,
    pub payment_method: String,
    pub expected_minor: Option<i64>,
    pub request: RequestKey,
    pub effective_time: Option<Timestamp>,
}

/// What became of a creation.
pub enum Created {
    /// The order is new, and its saga is leased to the caller of `create`.
    New(Box<Order>, Saga),
    /// The request id made this order before.
    Before(Box<Order>),
}

impl Store {
    /// Creates the order and its saga in one write, or finds the one that this request id made before.
    pub async fn create(
        &self,
        new: NewOrder,
        lease: Lease,
        give_up_after: Duration,
        now: Timestamp,
    ) -> Result<Created, Error> {
        let written = self
            .db
            .write_locked(move |tx| {
                let (new, lease) = (new.clone(), lease.clone());
                async move { create(&tx, new, lease, give_up_after, now).await }
            })
            .await?;
        Ok(written)
    }
}

async fn create(
    tx: &Tx,
    new: NewOrder,
    lease: Lease,
    give_up_after: Duration,
    now: Timestamp,
) -> Result<Created, Error> {
    let effective_time = new.effective_time.unwrap_or(now);
    let inserted = tx
        .execute(
            "INSERT INTO orders (order_id, customer_id, reference, currency_code, state, version, request_key, request_hash,
                 wishes, payment_method, expected_minor, create_time, update_time, effective_time)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (request_key) DO NOTHING",
            args![
                new.id,
                new.customer,
                new.reference,
                new.currency.as_str(),
                State::Pending as i64,
                1i64,
                new.request.key,
                new.request.hash,
                new.wishes,
                new.payment_method,
                new.expected_minor,
                now,
                now,
                effective_time,
            ],
        )
        .await?;
    if inserted == 0 {
        let row = tx
            .query_row("SELECT order_id, request_hash FROM orders WHERE request_key = $1", args![new.request.key])
            .await?
            .ok_or_else(|| DataError::bug("an order that conflicts must be there"))?;
        if row.get::<Vec<u8>>("request_hash")? != new.request.hash {
            return Err(Error::RequestIdReused("order"));
        }
        let order = read::order(tx, row.get("order_id")?).await?;
        return Ok(Created::Before(Box::new(order)));
    }
    let order = Order {
        id: new.id,
        customer: new.customer,
        reference: new.reference,
        currency: new.currency,
        state: State::Pending,
        lines: vec![],
        line_count: 0,
        total: None,
        refunded: souk_types::Money::zero(new.currency),
        refunds: vec![],
        reason: None,
        version: 1,
        is_quarantined: false,
        action_url: None,
        create_time: now,
        update_time: now,
        effective_time,
    };
    append_history(tx, &order, "created").await?;
    let saga = sagas::first(tx, &order, &lease, now.plus(give_up_after), now).await?;
    Ok(Created::New(Box::new(order), saga))
}

/// Puts an order down as it has become: its row, one row of history and the event, if the change has one.
/// **Invariant:** the version grows by exactly one; another writer in between is a lost lease.
pub(super) async fn put(tx: &Tx, order: &mut Order, kind: &str, now: Timestamp) -> Result<(), Error> {
    order.version += 1;
    order.update_time = now;
    let has_ended = order.state.is_final() || order.total.is_some();
    let updated = tx
        .execute(
            "UPDATE orders SET state = $1, total_minor = $2, refunded_minor = $3, reason = $4, version = $5,
                 is_quarantined = $6, action_url = $7, update_time = $8,
                 wishes = CASE WHEN $9 = 1 THEN NULL ELSE wishes END,
                 payment_method = CASE WHEN $10 = 1 THEN NULL ELSE payment_method END, line_count = $11
             WHERE order_id = $12 AND version = $13",
            args![
                order.state as i64,
                order.total.map(|total| total.minor),
                order.refunded.minor,
                order.reason.map(|reason| reason.name()),
                order.version,
                order.is_quarantined,
                order.action_url,
                now,
                has_ended,
                order.state != State::Pending,
                order.line_count,
                order.id,
                order.version - 1,
            ],
        )
        .await?;
    if updated == 0 {
        return Err(Error::LeaseLost);
    }
    append_history(tx, order, kind).await?;
    events::append(tx, order, kind, now).await
}

async fn append_history(tx: &Tx, order: &Order, kind: &str) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO order_history (order_id, version, state, kind, refunded_minor, change_time)
         VALUES ($1, $2, $3, $4, $5, $6)",
        args![order.id, order.version, order.state as i64, kind, order.refunded.minor, order.update_time],
    )
    .await?;
    Ok(())
}

const LINES_IN_ONE_STATEMENT: usize = 100;

/// Puts the frozen lines down.
pub(super) async fn insert_lines(tx: &Tx, order: OrderId, lines: &[Line]) -> Result<(), Error> {
    for chunk in lines.chunks(LINES_IN_ONE_STATEMENT) {
        let sql = format!(
            "INSERT INTO order_lines (order_id, line_number, sku, price_id, title, quantity, unit_minor) VALUES {}",
            placeholders(1, chunk.len(), 7)
        );
        let mut values = Vec::with_capacity(chunk.len() * 7);
        for line in chunk {
            values.extend_from_slice(args![
                order,
                line.number,
                line.sku,
                line.price,
                line.title,
                line.quantity,
                line.unit_price.minor
            ]);
        }
        tx.execute(&sql, &values).await?;
    }
    Ok(())
}

/// Puts a planned refund down.
pub(super) async fn insert_refund(tx: &Tx, order: &Order, refund: &Refund, request: &RequestKey) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO refunds (refund_id, order_id, refund_number, request_key, request_hash, state, amount_minor, restock,
             create_time, effective_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        args![
            refund.id,
            order.id,
            order.refunds.len() as i64,
            request.key,
            request.hash,
            refund.state as i64,
            refund.amount.minor,
            refund.restock,
            refund.create_time,
            refund.effective_time
        ],
    )
    .await?;
    for chunk in refund.lines.chunks(LINES_IN_ONE_STATEMENT) {
        let sql = format!(
            "INSERT INTO refund_lines (refund_id, line_number, quantity) VALUES {}",
            placeholders(1, chunk.len(), 3)
        );
        let mut values = Vec::with_capacity(chunk.len() * 3);
        for line in chunk {
            values.extend_from_slice(args![refund.id, line.number, line.quantity]);
        }
        tx.execute(&sql, &values).await?;
    }
    Ok(())
}

/// Puts the end of a refund down: its state, and the units of each line that were paid back and that came back.
pub(super) async fn settle_refund(tx: &Tx, order: &Order, id: RefundId) -> Result<(), Error> {
    let refund = order.refunds.iter().find(|refund| refund.id == id);
    let refund = refund.expect("a refund that ends is one of its order");
    tx.execute("UPDATE refunds SET state = $1 WHERE refund_id = $2", args![refund.state as i64, id]).await?;
    if refund.state == RefundState::Succeeded && !refund.lines.is_empty() {
        tx.execute(
            "UPDATE order_lines SET
                 refunded_quantity = refunded_quantity + CASE WHEN $1 = 1 THEN
                     (SELECT l.quantity FROM refund_lines l WHERE l.refund_id = $3 AND l.line_number = order_lines.line_number)
                     ELSE 0 END,
                 returned_quantity = returned_quantity + CASE WHEN $2 = 1 THEN
                     (SELECT l.quantity FROM refund_lines l WHERE l.refund_id = $3 AND l.line_number = order_lines.line_number)
                     ELSE 0 END
             WHERE order_id = $4 AND line_number IN (SELECT line_number FROM refund_lines WHERE refund_id = $3)",
            args![refund.amount.minor > 0, refund.restock, id, order.id],
        )
        .await?;
    }
    Ok(())
}

/// Marks a kind of saga for the history: what a change is called when the saga starts.
pub(super) fn started(kind: Kind) -> &'static str {
    match kind {
        Kind::Place => "created",
        Kind::Cancel => "cancel_started",
        Kind::Fulfill => "fulfill_started",
        Kind::Refund => "refund_started",
    }
}
