//! The payments of orders that several payments pay. An order with one payment has no rows here.

use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, QueryOrder, QuerySelect, Set, UpdateMany};
use souk_data::{Prepared, Reader, Tx, given, rows};
use souk_types::OrderId;

use crate::error::Error;
use crate::order::Order;
use crate::share::{NewShare, Share};
use crate::state::State;

/// One of several payments of an order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_payments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: OrderId,
    /// Counts the payments of an order from 1; the last one pays the rest.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    /// None of the one that pays the rest, until the prices are frozen.
    pub amount_minor: Option<i64>,
    /// Until it is authorized, declined or the order is over.
    pub payment_method: Option<String>,
    pub is_authorized: i64,
    pub captured_minor: i64,
    pub paid_back_minor: i64,
    pub tries: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Row {
    /// Returns the payment of an order with this many.
    pub fn of_count(self, count: i64) -> Share {
        Share {
            is_authorized: self.is_authorized != 0,
            captured: self.captured_minor,
            paid_back: self.paid_back_minor,
            tries: self.tries,
            ..Share::new(self.order_id, self.number, count, self.amount_minor)
        }
    }
}

/// Adds the payments of an order that begins.
pub async fn insert(tx: &Tx, order: &Order, new: &[NewShare]) -> Result<(), Error> {
    let rows = order.payments.iter().zip(new).map(|(share, new)| ActiveModel {
        order_id: Set(order.id),
        number: Set(share.number),
        amount_minor: Set(new.minor),
        payment_method: Set(Some(new.payment_method.clone())),
        is_authorized: Set(share.is_authorized.into()),
        captured_minor: Set(share.captured),
        paid_back_minor: Set(share.paid_back),
        tries: Set(share.tries),
    });
    Ok(rows::insert_all(tx, &rows.collect::<Vec<_>>()).await?)
}

static UPDATE: Prepared<UpdateMany<Entity>, ()> = Prepared::new(|| {
    Entity::update_many()
        .col_expr(Column::AmountMinor, Expr::val(given(0)))
        .col_expr(Column::IsAuthorized, Expr::val(given(1)))
        .col_expr(Column::CapturedMinor, Expr::val(given(2)))
        .col_expr(Column::PaidBackMinor, Expr::val(given(3)))
        .col_expr(Column::Tries, Expr::val(given(4)))
        .filter(Column::OrderId.eq(given(5)))
        .filter(Column::Number.eq(given(6)))
});

/// Writes the payments of an order that differ from what they were before, and forgets the payment
/// methods that are not needed any more.
pub async fn update(tx: &Tx, order: &Order, before: &[Share]) -> Result<(), Error> {
    for share in order.payments.iter().filter(|share| !before.contains(share)) {
        let values = [
            Some(share.amount).filter(|amount| *amount > 0).into(),
            i64::from(share.is_authorized).into(),
            share.captured.into(),
            share.paid_back.into(),
            share.tries.into(),
            order.id.into(),
            share.number.into(),
        ];
        UPDATE.execute(tx, values).await?;
    }
    let is_over = order.axes.state != State::Pending;
    let declined = order.decline.as_ref().map(|_| order.share_in_turn().number);
    let is_done = |share: &&Share| is_over || share.is_authorized || declined == Some(share.number);
    let done: Vec<i64> = order.payments.iter().filter(is_done).map(|share| share.number).collect();
    if !done.is_empty() {
        Entity::update_many()
            .col_expr(Column::PaymentMethod, Expr::val(None::<String>))
            .filter(Column::OrderId.eq(order.id))
            .filter(Column::Number.is_in(done))
            .filter(Column::PaymentMethod.is_not_null())
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Stores another payment method for a payment of an order.
pub async fn set_method(
    tx: &Tx,
    order: OrderId,
    number: i64,
    payment_method: &str,
) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::PaymentMethod, Expr::val(payment_method))
        .filter(Column::OrderId.eq(order))
        .filter(Column::Number.eq(number))
        .exec(tx)
        .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Method {
    payment_method: Option<String>,
}

static METHOD: Prepared<Select<Entity>, Method> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::PaymentMethod)
        .filter(Column::OrderId.eq(given(0)))
        .filter(Column::Number.eq(given(1)))
});

/// Returns the method of a payment of an order; none when it is no longer kept.
pub async fn method(reader: &Reader, order: OrderId, number: i64) -> Result<Option<String>, Error> {
    let found = METHOD.one(reader, [order.into(), number.into()]).await?;
    Ok(found.and_then(|row| row.payment_method))
}

/// A payment of an order, without its method.
#[derive(FromQueryResult)]
pub struct Row {
    pub order_id: OrderId,
    number: i64,
    amount_minor: Option<i64>,
    is_authorized: i64,
    captured_minor: i64,
    paid_back_minor: i64,
    tries: i64,
}

/// Returns the payments of orders, those of each order by their numbers.
pub async fn of(reader: &Reader, orders: &[OrderId]) -> Result<Vec<Row>, Error> {
    let found = Entity::find()
        .select_only()
        .columns([
            Column::OrderId,
            Column::Number,
            Column::AmountMinor,
            Column::IsAuthorized,
            Column::CapturedMinor,
            Column::PaidBackMinor,
            Column::Tries,
        ])
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        .order_by_asc(Column::OrderId)
        .order_by_asc(Column::Number);
    Ok(found.into_model::<Row>().all(reader).await?)
}
