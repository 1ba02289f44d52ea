//! Orders, and reading them back with their lines and refunds.

use std::collections::HashMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{FromQueryResult, JoinType, QueryOrder, QuerySelect, Set, UpdateMany};
use souk_data::{Error as DataError, Find, Prepared, Reader, Tx, given, rows};
use souk_types::{Currency, Money, OrderId, Timestamp};

use super::{order_line, refund, requested_lines, saga};
use crate::error::Error;
use crate::new_order::NewOrder;
use crate::order::{LINES_SHOWN, Order, RequestedLine};
use crate::reason::Reason;
use crate::request_key::RequestKey;
use crate::saga::Saga;
use crate::state::State;

/// What a customer ordered, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: OrderId,
    pub customer_id: String,
    pub reference: String,
    pub currency_code: String,
    pub state: State,
    pub total_minor: Option<i64>,
    pub refunded_minor: i64,
    pub reason: Option<Reason>,
    /// The details besides the reason: `key=value`, one a line.
    pub reason_facts: Option<String>,
    pub version: i64,
    pub is_quarantined: i64,
    pub action_url: Option<String>,
    /// The caller and its request id: the order's permanent key.
    pub request_key: String,
    pub request_hash: Vec<u8>,
    /// [`requested_lines`], until the prices are frozen or the order has ended.
    #[sea_orm(column_name = "wishes")]
    pub requested_lines: Option<Vec<u8>>,
    /// Until the payment is authorised.
    pub payment_method: Option<String>,
    pub expected_minor: Option<i64>,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    pub effective_time: Timestamp,
    pub line_count: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Order {
    type Error = Error;

    /// Returns the order without its lines and refunds.
    fn try_from(row: Model) -> Result<Self, Error> {
        let currency: Currency =
            row.currency_code.parse().map_err(|_| Error::Unreadable("a currency"))?;
        Ok(Order {
            id: row.order_id,
            customer: row.customer_id,
            reference: row.reference,
            currency,
            state: row.state,
            lines: vec![],
            line_count: row.line_count,
            total: row.total_minor.map(|minor| Money::new(currency, minor)),
            refunded: Money::new(currency, row.refunded_minor),
            refunds: vec![],
            reason: row.reason,
            version: row.version,
            is_quarantined: row.is_quarantined != 0,
            action_url: row.action_url,
            create_time: row.create_time,
            update_time: row.update_time,
            effective_time: row.effective_time,
        })
    }
}

/// Adds an order unless its request has made one before. Returns whether it was added.
pub async fn insert(tx: &Tx, new: &NewOrder, order: &Order) -> Result<bool, Error> {
    let row = ActiveModel {
        order_id: Set(order.id),
        customer_id: Set(order.customer.clone()),
        reference: Set(order.reference.clone()),
        currency_code: Set(order.currency.as_str().to_owned()),
        state: Set(order.state),
        total_minor: Set(None),
        refunded_minor: Set(0),
        reason: Set(None),
        reason_facts: Set(None),
        version: Set(order.version),
        is_quarantined: Set(0),
        action_url: Set(None),
        request_key: Set(new.request.key.clone()),
        request_hash: Set(new.request.hash.clone()),
        requested_lines: Set(Some(requested_lines::encode(&new.requested_lines))),
        payment_method: Set(Some(new.payment_method.clone())),
        expected_minor: Set(new.expected_minor),
        create_time: Set(order.create_time),
        update_time: Set(order.update_time),
        effective_time: Set(order.effective_time),
        line_count: Set(0),
    };
    Ok(rows::insert_missing(tx, &[row]).await? == 1)
}

static UPDATE: Prepared<UpdateMany<Entity>, ()> = Prepared::new(|| {
    let is = |number| Expr::val(given(number)).eq(1);
    Entity::update_many()
        .col_expr(Column::State, Expr::val(given(0)))
        .col_expr(Column::TotalMinor, Expr::val(given(1)))
        .col_expr(Column::RefundedMinor, Expr::val(given(2)))
        .col_expr(Column::Reason, Expr::val(given(3)))
        .col_expr(Column::Version, Expr::val(given(4)))
        .col_expr(Column::IsQuarantined, Expr::val(given(5)))
        .col_expr(Column::ActionUrl, Expr::val(given(6)))
        .col_expr(Column::UpdateTime, Expr::val(given(7)))
        .col_expr(Column::LineCount, Expr::val(given(8)))
        .col_expr(
            Column::RequestedLines,
            Expr::case(is(9), Column::RequestedLines.into_expr()).into(),
        )
        .col_expr(
            Column::PaymentMethod,
            Expr::case(is(10), Column::PaymentMethod.into_expr()).into(),
        )
        .filter(Column::OrderId.eq(given(11)))
        .filter(Column::Version.eq(given(12)))
});

/// Writes an order as it has become. Returns false when another write has changed it since the
/// version before.
pub async fn update(tx: &Tx, order: &Order) -> Result<bool, Error> {
    let is_priced_or_over = order.state.is_final() || order.total.is_some();
    let values = [
        order.state.into(),
        order.total.map(|total| total.minor).into(),
        order.refunded.minor.into(),
        order.reason.into(),
        order.version.into(),
        i64::from(order.is_quarantined).into(),
        order.action_url.clone().into(),
        order.update_time.into(),
        order.line_count.into(),
        i64::from(!is_priced_or_over).into(),
        i64::from(order.state == State::Pending).into(),
        order.id.into(),
        (order.version - 1).into(),
    ];
    Ok(UPDATE.execute(tx, values).await? > 0)
}

/// Stores the details of a failure besides its reason, such as the sku that was short.
pub async fn keep_facts(tx: &Tx, id: OrderId, facts: &[(String, String)]) -> Result<(), Error> {
    if facts.is_empty() {
        return Ok(());
    }
    let text: String =
        facts.iter().map(|(key, value)| format!("{key}={}\n", value.replace('\n', " "))).collect();
    let update = Entity::update_many().col_expr(Column::ReasonFacts, Expr::val(text));
    update.filter(Column::OrderId.eq(id)).exec(tx).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Facts {
    reason_facts: Option<String>,
}

static FACTS: Prepared<Select<Entity>, Facts> = Prepared::new(|| {
    Entity::find().select_only().column(Column::ReasonFacts).filter(Column::OrderId.eq(given(0)))
});

/// Returns the details of a failure besides its reason.
pub async fn facts(reader: &Reader, id: OrderId) -> Result<Vec<(String, String)>, Error> {
    let text = FACTS.one(reader, [id.into()]).await?.and_then(|row| row.reason_facts);
    let pairs = text.as_deref().unwrap_or_default().lines().filter_map(|line| line.split_once('='));
    Ok(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

/// What was asked for when an order was placed, as far as it is still kept.
#[derive(FromQueryResult)]
pub struct Requested {
    #[sea_orm(from_alias = "wishes")]
    lines: Option<Vec<u8>>,
    pub payment_method: Option<String>,
    pub expected_minor: Option<i64>,
    pub request_key: String,
}

impl Requested {
    /// Returns the lines; none when they are no longer kept.
    pub fn lines(&self) -> Result<Vec<RequestedLine>, Error> {
        requested_lines::decode(self.lines.as_deref())
    }
}

static REQUESTED: Prepared<Select<Entity>, Requested> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::RequestedLines)
        .column(Column::PaymentMethod)
        .column(Column::ExpectedMinor)
        .column(Column::RequestKey)
        .filter(Column::OrderId.eq(given(0)))
});

/// Returns what is needed to price and pay an order that is being placed.
pub async fn requested(reader: &Reader, id: OrderId) -> Result<Requested, Error> {
    REQUESTED.one(reader, [id.into()]).await?.ok_or(Error::NotFound(id))
}

static BY_ID: Find<Entity> = Find::new(|| Entity::find().filter(Column::OrderId.eq(given(0))));
static BY_REQUEST: Find<Entity> =
    Find::new(|| Entity::find().filter(Column::RequestKey.eq(given(0))));

/// Returns an order with all its lines and refunds, as the rules want it.
pub async fn get(reader: &Reader, id: OrderId) -> Result<Order, Error> {
    let row = BY_ID.all(reader, [id.into()]).await?;
    with_details(reader, row, ALL_LINES).await?.pop().ok_or(Error::NotFound(id))
}

/// Returns an order as it is shown, with its first lines.
pub async fn show(reader: &Reader, id: OrderId) -> Result<Order, Error> {
    let row = BY_ID.all(reader, [id.into()]).await?;
    with_details(reader, row, LINES_SHOWN as i64).await?.pop().ok_or(Error::NotFound(id))
}

/// Returns the order that a request made before; its use for something else is an error.
pub async fn of_request(reader: &Reader, request: &RequestKey) -> Result<Order, Error> {
    let row = BY_REQUEST.one(reader, [request.key.as_str().into()]).await?;
    let row = row.ok_or_else(|| DataError::bug("an order that conflicts must be there"))?;
    if row.request_hash != request.hash {
        return Err(Error::RequestIdReused("order"));
    }
    let id = row.order_id;
    with_details(reader, vec![row], ALL_LINES).await?.pop().ok_or(Error::NotFound(id))
}

/// Returns these orders with all their lines and refunds, in any order.
pub async fn get_all(reader: &Reader, ids: &[OrderId]) -> Result<Vec<Order>, Error> {
    let rows =
        Entity::find().filter(Column::OrderId.is_in(ids.iter().copied())).all(reader).await?;
    with_details(reader, rows, ALL_LINES).await
}

/// Returns the ids of orders between these two, both included.
pub async fn ids_between(
    reader: &Reader,
    first: [u8; 16],
    last: [u8; 16],
) -> Result<Vec<OrderId>, Error> {
    let found = BETWEEN.all(reader, [first.to_vec().into(), last.to_vec().into()]).await?;
    Ok(found.into_iter().map(|row| row.order_id).collect())
}

#[derive(FromQueryResult)]
struct Id {
    order_id: OrderId,
}

static BETWEEN: Prepared<Select<Entity>, Id> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::OrderId)
        .filter(Column::OrderId.between(given(0), given(1)))
});

/// Which orders a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub customer: Option<String>,
    pub state: Option<State>,
}

/// Returns the orders after this id.
pub async fn list(
    reader: &Reader,
    filter: &Filter,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<Order>, Error> {
    let mut query = Entity::find().order_by_asc(Column::OrderId).limit(limit as u64);
    if let Some(after) = after {
        query = query.filter(Column::OrderId.gt(after));
    }
    if let Some(customer) = &filter.customer {
        query = query.filter(Column::CustomerId.eq(customer));
    }
    if let Some(state) = filter.state {
        query = query.filter(Column::State.eq(state));
    }
    let rows = query.all(reader).await?;
    with_details(reader, rows, LINES_SHOWN as i64).await
}

/// An order that waits for STAFF, and its saga with what last failed.
pub struct QuarantinedOrder {
    pub order: Order,
    pub saga: Saga,
    pub failure: String,
}

/// Returns the quarantined orders after this id.
pub async fn list_quarantined(
    reader: &Reader,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<QuarantinedOrder>, Error> {
    let sagas: RelationDef =
        Entity::belongs_to(saga::Entity).from(Column::OrderId).to(saga::Column::OrderId).into();
    let mut query = Entity::find()
        .join(JoinType::InnerJoin, sagas)
        // Written out, so that the index of quarantined orders is used.
        .filter(Expr::cust("is_quarantined = 1"))
        .order_by_asc(Column::OrderId)
        .limit(limit as u64);
    if let Some(after) = after {
        query = query.filter(Column::OrderId.gt(after));
    }
    let found = query.select_also(saga::Entity).all(reader).await?;
    let (rows, sagas): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let orders = with_details(reader, rows, LINES_SHOWN as i64).await?;
    let quarantined = orders.into_iter().zip(sagas).filter_map(|(order, saga)| {
        let mut saga = saga?;
        let failure = saga.failure.take().unwrap_or_default();
        Some(QuarantinedOrder { order, saga: saga.into(), failure })
    });
    Ok(quarantined.collect())
}

const ALL_LINES: i64 = i64::MAX;

/// The most orders whose lines one statement reads.
const ORDERS_IN_ONE_STATEMENT: usize = 500;

/// Adds to orders what belongs to them, with a limit of lines for each.
async fn with_details(
    reader: &Reader,
    rows: Vec<Model>,
    most_lines: i64,
) -> Result<Vec<Order>, Error> {
    let mut orders = rows.into_iter().map(Order::try_from).collect::<Result<Vec<_>, _>>()?;
    for chunk in orders.chunks_mut(ORDERS_IN_ONE_STATEMENT) {
        let ids: Vec<OrderId> = chunk.iter().map(|order| order.id).collect();
        let lines = order_line::of(reader, &ids, most_lines).await?;
        let refunds = refund::of(reader, &ids).await?;

        let mut by_id: HashMap<OrderId, &mut Order> =
            chunk.iter_mut().map(|order| (order.id, order)).collect();
        for row in lines {
            if let Some(order) = by_id.get_mut(&row.order_id) {
                order.lines.push(row.in_currency(order.currency));
            }
        }
        for (row, lines) in refunds {
            if let Some(order) = by_id.get_mut(&row.order_id) {
                order.refunds.push(row.in_currency(order.currency, lines));
            }
        }
    }
    Ok(orders)
}
