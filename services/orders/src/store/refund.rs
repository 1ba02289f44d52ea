//! Refunds of orders, each with its lines.

use std::collections::HashMap;

use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, JoinType, QueryOrder, QuerySelect, Set};
use souk_data::{Find, Prepared, Reader, Tx, given, rows};
use souk_types::{Currency, Money, OrderId, PaymentId, RefundId, Timestamp};

use super::{order_line, refund_line};
use crate::actor::Actor;
use crate::error::Error;
use crate::order::{Order, Refund, RefundLine, RefundState};
use crate::request_key::RequestKey;
use crate::reversal::ReversedRefund;

/// Money that goes back, or goods that come back for nothing.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refunds")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub refund_id: RefundId,
    pub order_id: OrderId,
    /// Counts the refunds of an order from 1.
    pub refund_number: i64,
    pub request_key: String,
    pub request_hash: Vec<u8>,
    pub state: RefundState,
    pub amount_minor: i64,
    pub create_time: Timestamp,
    pub effective_time: Timestamp,
    /// A number of the contract's `RefundReason`.
    pub reason: i64,
    pub note: String,
    pub actor: String,
    /// The payment that it all went back from, if that was decided elsewhere.
    pub payment_id: Option<PaymentId>,
    /// 1 when it had succeeded and the provider took it back.
    pub is_reversed: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns the refund of an order in this currency, with its lines.
    pub fn in_currency(self, currency: Currency, lines: Vec<RefundLine>) -> Refund {
        Refund {
            id: self.refund_id,
            state: self.state,
            amount: Money::new(currency, self.amount_minor),
            lines,
            reason: self.reason,
            note: self.note,
            actor: Actor(self.actor),
            payment: self.payment_id,
            create_time: self.create_time,
            effective_time: self.effective_time,
        }
    }
}

/// Adds the last refund of an order, with its lines.
pub async fn insert_last(tx: &Tx, order: &Order, request: &RequestKey) -> Result<(), Error> {
    let Some(refund) = order.refunds.last() else { return Ok(()) };
    let row = ActiveModel {
        refund_id: Set(refund.id),
        order_id: Set(order.id),
        refund_number: Set(order.refunds.len() as i64),
        request_key: Set(request.key.clone()),
        request_hash: Set(request.hash.clone()),
        state: Set(refund.state),
        amount_minor: Set(refund.amount.minor),
        create_time: Set(refund.create_time),
        effective_time: Set(refund.effective_time),
        reason: Set(refund.reason),
        note: Set(refund.note.clone()),
        actor: Set(refund.actor.0.clone()),
        payment_id: Set(refund.payment),
        is_reversed: Set(0),
    };
    rows::insert_all(tx, &[row]).await?;
    refund_line::insert(tx, refund.id, &refund.lines).await
}

/// Writes how a refund of an order ended: its state, and the units of each line that were paid back
/// and that came back.
pub async fn end(tx: &Tx, order: OrderId, refund: &Refund) -> Result<(), Error> {
    let update = Entity::update_many().col_expr(Column::State, Expr::val(refund.state));
    update.filter(Column::RefundId.eq(refund.id)).exec(tx).await?;
    if refund.state == RefundState::Succeeded {
        order_line::add_refund(tx, order, refund).await?;
    }
    Ok(())
}

/// Writes that a refund of an order, or a part of it, had succeeded and failed later: its state,
/// and the units of each line that are no longer paid back.
pub async fn reverse(tx: &Tx, order: &Order, reversed: &ReversedRefund) -> Result<(), Error> {
    let of_order = |id| order.refund(id).expect("a refund that fails is one of its order");
    let refund = of_order(reversed.failed);
    if reversed.is_part() {
        insert_last(tx, order, &RequestKey::of_payments(refund.id)).await?;
        reduce(tx, of_order(reversed.id)).await?;
    }
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::val(refund.state))
        .col_expr(Column::IsReversed, Expr::val(1_i64));
    update.filter(Column::RefundId.eq(refund.id)).exec(tx).await?;
    order_line::take_back_refund(tx, order.id, refund).await
}

/// Writes what is left of a refund of which a part failed.
async fn reduce(tx: &Tx, refund: &Refund) -> Result<(), Error> {
    let update =
        Entity::update_many().col_expr(Column::AmountMinor, Expr::val(refund.amount.minor));
    update.filter(Column::RefundId.eq(refund.id)).exec(tx).await?;
    refund_line::replace(tx, refund.id, &refund.lines).await
}

#[derive(FromQueryResult)]
struct Asked {
    order_id: OrderId,
    request_hash: Vec<u8>,
}

static BY_REQUEST: Prepared<Select<Entity>, Asked> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::OrderId)
        .column(Column::RequestHash)
        .filter(Column::RequestKey.eq(given(0)))
});

/// Returns the order of which a request made a refund before, if it did; its use for something else
/// is an error.
pub async fn order_of_request(
    reader: &Reader,
    request: &RequestKey,
) -> Result<Option<OrderId>, Error> {
    match BY_REQUEST.one(reader, [request.key.as_str().into()]).await? {
        Some(asked) if !request.asks_as(&asked.request_hash) => {
            Err(Error::RequestIdReused("refund"))
        }
        asked => Ok(asked.map(|asked| asked.order_id)),
    }
}

static OF_ORDER: Find<Entity> = Find::new(|| {
    Entity::find().filter(Column::OrderId.eq(given(0))).order_by_asc(Column::RefundNumber)
});

/// Returns the refunds of orders with their lines, those of each order as they were requested.
pub async fn of(
    reader: &Reader,
    orders: &[OrderId],
) -> Result<Vec<(Model, Vec<RefundLine>)>, Error> {
    let refunds = match orders {
        [order] => OF_ORDER.all(reader, [(*order).into()]).await?,
        _ => {
            let refunds = Entity::find()
                .filter(Column::OrderId.is_in(orders.iter().copied()))
                .order_by_asc(Column::OrderId)
                .order_by_asc(Column::RefundNumber);
            refunds.all(reader).await?
        }
    };
    if refunds.is_empty() {
        return Ok(vec![]);
    }
    let mut lines: HashMap<RefundId, Vec<RefundLine>> = HashMap::new();
    for line in lines_of(reader, orders).await? {
        lines.entry(line.refund_id).or_default().push(line.into());
    }
    let with_lines = refunds.into_iter().map(|refund| {
        let lines = lines.remove(&refund.refund_id).unwrap_or_default();
        (refund, lines)
    });
    Ok(with_lines.collect())
}

static LINES_OF_ORDER: Find<refund_line::Entity> =
    Find::new(|| lines().filter(Column::OrderId.eq(given(0))));

fn lines() -> Select<refund_line::Entity> {
    use refund_line::Column as Line;
    let refunds = refund_line::Entity::belongs_to(Entity).from(Line::RefundId).to(Column::RefundId);
    refund_line::Entity::find()
        .join(JoinType::InnerJoin, refunds.into())
        .order_by_asc(Line::RefundId)
        .order_by_asc(Line::LineNumber)
}

async fn lines_of(reader: &Reader, orders: &[OrderId]) -> Result<Vec<refund_line::Model>, Error> {
    Ok(match orders {
        [order] => LINES_OF_ORDER.all(reader, [(*order).into()]).await?,
        _ => lines().filter(Column::OrderId.is_in(orders.iter().copied())).all(reader).await?,
    })
}
