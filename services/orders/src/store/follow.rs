//! Following what happened behind an order's back: money that went back and stock that was given up elsewhere.

use souk_data::{Tx, args};
use souk_types::{OrderId, RefundId, ReservationId, Timestamp};

use super::orders::{self, RequestKey};
use super::sagas::{ENDED, QUARANTINED, locked_saga};
use super::start::restart;
use super::{Saga, read};
use crate::error::Error;
use crate::order::{RefundWhat, RefundWish};
use crate::reason::Reason;
use crate::saga::{Kind, Step};
use crate::state::State;

/// A refund that payments speaks of.
#[derive(Clone, Debug)]
pub struct ForeignRefund {
    pub id: RefundId,
    pub amount: souk_types::Money,
    pub effective_time: Option<Timestamp>,
}

/// What an order made of news about what is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// It knew, or it is none of its business.
    Known,
    /// It is under way and may yet find out by itself; ask again later.
    Busy,
    /// It does now what the news asks for.
    Follows,
    /// It cannot follow; a person must look.
    Cannot,
}

/// Makes a refund that succeeded at payments one of the order's own. Its saga asks for the same refund again, which payments
/// answers as it stands, and goes on as if orders had asked first.
pub async fn adopt_refund(tx: &Tx, id: OrderId, foreign: ForeignRefund, now: Timestamp) -> Result<Followed, Error> {
    let Some((state, saga)) = locked_saga(tx, id).await? else { return Ok(Followed::Known) };
    let mut order = read::order(tx, id).await?;
    if foreign.id == order.cancel_refund_id() || order.refunds.iter().any(|refund| refund.id == foreign.id) {
        return Ok(Followed::Known);
    }
    if state != ENDED {
        return Ok(Followed::Busy);
    }
    let effective_time = foreign.effective_time.unwrap_or(now).max(order.effective_time);
    let what = RefundWhat::Amount(foreign.amount);
    let wish = RefundWish { what, restock: false, effective_time: Some(effective_time) };
    let Ok(refund) = order.plan_refund(foreign.id, &wish, false, now) else { return Ok(Followed::Cannot) };
    order.refunds.push(refund);
    let refund = order.refunds.last().expect("it was just pushed");
    let request = RequestKey { key: format!("service:payments\n{}", foreign.id), hash: vec![] };
    orders::insert_refund(tx, &order, refund, &request).await?;
    let saga = Saga {
        kind: Kind::Refund,
        step: Kind::Refund.first(),
        attempts: 0,
        taking_back: None,
        refund: Some(foreign.id),
        effective_time,
        give_up_time: now,
        cancel_requested: false,
        epoch: saga.epoch + 1,
        ..saga
    };
    restart(tx, &saga, None, now).await?;
    orders::put(tx, &mut order, orders::started(Kind::Refund), now).await?;
    Ok(Followed::Follows)
}

/// Puts an order whose stock was given up elsewhere into quarantine: resumed, it is cancelled and paid back.
pub async fn lose_stock(tx: &Tx, id: OrderId, now: Timestamp) -> Result<Followed, Error> {
    let Some((state, saga)) = locked_saga(tx, id).await? else { return Ok(Followed::Known) };
    let mut order = read::order(tx, id).await?;
    let is_own = saga.kind == Kind::Cancel || saga.step == Step::Release || saga.taking_back.is_some();
    match order.state {
        State::Placed | State::Paid if state == ENDED => {}
        State::Placed | State::Paid if !is_own => return Ok(Followed::Busy),
        // One that is being placed finds out when it commits; the others need no stock any more.
        _ => return Ok(Followed::Known),
    }
    let saga = Saga {
        kind: Kind::Cancel,
        step: Kind::Cancel.first(),
        attempts: 0,
        taking_back: Some(Reason::OutOfStock),
        refund: None,
        effective_time: now,
        give_up_time: now,
        cancel_requested: false,
        epoch: saga.epoch + 1,
        ..saga
    };
    restart(tx, &saga, None, now).await?;
    let failure = "its stock was given up elsewhere; resumed, it is cancelled and paid back";
    tx.execute("UPDATE sagas SET state = $1, failure = $2 WHERE order_id = $3", args![QUARANTINED, failure, id])
        .await?;
    order.is_quarantined = true;
    orders::put(tx, &mut order, "quarantined", now).await?;
    Ok(Followed::Follows)
}

/// Returns the order that a reservation was derived from, if there is one. Both ids begin with the same 48 bits of time.
pub async fn order_of(tx: &Tx, reservation: ReservationId) -> Result<Option<OrderId>, Error> {
    let (mut first, mut last) = ([0u8; 16], [0xffu8; 16]);
    first[..6].copy_from_slice(&reservation.as_bytes()[..6]);
    last[..6].copy_from_slice(&reservation.as_bytes()[..6]);
    let sql = "SELECT order_id FROM orders WHERE order_id BETWEEN $1 AND $2";
    for row in &tx.query(sql, args![first.to_vec(), last.to_vec()]).await? {
        let id: OrderId = row.get("order_id")?;
        if ReservationId::of_step(id.as_uuid(), "reservation") == reservation {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
