//! Orders, and reading them back with their lines and refunds.

use std::collections::{BTreeMap, HashMap};

use prost::Message;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue, FromQueryResult, NotSet, QueryOrder, QuerySelect, Set};
use souk_data::{Error as DataError, Find, Prepared, Reader, Tx, given, given_limit, rows};
use souk_types::{Currency, Money, OrderId, Timestamp};

use super::{
    cancellation, fulfillment, order_line, order_payment, refund, requested_lines, reversed_capture,
};
use crate::error::Error;
use crate::new_order::NewOrder;
use crate::order::{Action, Details, LINES_SHOWN, Order, Parts, RequestedLine};
use crate::order_update::Field;
use crate::reason::Reason;
use crate::request_key::RequestKey;
use crate::state::{Axes, CaptureMethod, FulfillmentStatus, PaymentStatus, State};

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
    /// The customer, or the caller that named none, and the request id: the order's permanent key.
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
    pub payment_status: PaymentStatus,
    pub fulfillment_status: FulfillmentStatus,
    pub order_number: i64,
    pub channel: String,
    pub locale: String,
    pub subtotal_minor: Option<i64>,
    pub discount_minor: i64,
    pub shipping_minor: i64,
    pub tax_minor: i64,
    /// Why the provider declined, while the order waits for another payment method.
    pub decline: Option<String>,
    pub payment_tries: i64,
    pub action_expire_time: Option<Timestamp>,
    pub expire_time: Timestamp,
    /// Until the payment is authorised, as the payment method.
    pub return_url: Option<String>,
    /// `souk.type.v1.Contact` and `Address`, encoded. Personal data, as the note.
    pub contact: Option<Vec<u8>>,
    pub shipping_address: Option<Vec<u8>>,
    pub billing_address: Option<Vec<u8>>,
    pub customer_note: String,
    /// A JSON object; none when it is empty.
    pub metadata: Option<String>,
    pub capture_method: CaptureMethod,
    pub captured_minor: i64,
    /// What cancellations paid back of it.
    pub given_back_minor: i64,
    pub canceled_minor: i64,
    pub fulfillment_count: i64,
    /// How many payments it has: more than 1 are in a table of their own, with their methods.
    pub payment_count: i64,
    /// 1 when a user placed it, to whom only prices for everyone are open.
    pub public_prices: i64,
    /// What the provider took back of what is owed.
    pub reversed_minor: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Order {
    type Error = Error;

    /// Returns the order without what is stored in other tables.
    fn try_from(row: Model) -> Result<Self, Error> {
        let currency: Currency =
            row.currency_code.parse().map_err(|_| Error::Unreadable("a currency"))?;
        let details = Details {
            contact: decoded(row.contact)?,
            shipping_address: decoded(row.shipping_address)?,
            billing_address: decoded(row.billing_address)?,
            customer_note: row.customer_note,
            metadata: match &row.metadata {
                None => BTreeMap::new(),
                Some(json) => {
                    serde_json::from_str(json).map_err(|_| Error::Unreadable("metadata"))?
                }
            },
        };
        let expire_time = row.action_expire_time;
        Ok(Order {
            id: row.order_id,
            number: row.order_number,
            customer: row.customer_id,
            reference: row.reference,
            channel: row.channel,
            locale: row.locale,
            currency,
            axes: Axes {
                state: row.state,
                payment: row.payment_status,
                fulfillment: row.fulfillment_status,
            },
            capture: row.capture_method,
            lines: vec![],
            line_count: row.line_count,
            total: row.total_minor.map(|minor| Money::new(currency, minor)),
            parts: Parts {
                subtotal: row.subtotal_minor.unwrap_or(0),
                discount: row.discount_minor,
                shipping: row.shipping_minor,
                tax: row.tax_minor,
            },
            refunded: Money::new(currency, row.refunded_minor),
            captured: row.captured_minor,
            given_back: row.given_back_minor,
            reversed: row.reversed_minor,
            canceled: row.canceled_minor,
            refunds: vec![],
            payments: vec![],
            fulfillments: vec![],
            fulfillment_count: row.fulfillment_count,
            cancellation: None,
            closure: row.reason,
            decline: row.decline,
            tries: row.payment_tries,
            version: row.version,
            is_quarantined: row.is_quarantined != 0,
            action: row.action_url.map(|url| Action { url, expire_time }),
            expire_time: row.expire_time,
            details,
            create_time: row.create_time,
            update_time: row.update_time,
            effective_time: row.effective_time,
        })
    }
}

fn encoded(message: &Option<impl Message>) -> Option<Vec<u8>> {
    message.as_ref().map(Message::encode_to_vec)
}

fn decoded<M: Message + Default>(stored: Option<Vec<u8>>) -> Result<Option<M>, Error> {
    let message = stored.map(|bytes| M::decode(bytes.as_slice())).transpose();
    message.map_err(|_| Error::Unreadable("a contact or an address"))
}

/// Returns the metadata as they are stored: a JSON object, and none when they are empty.
fn metadata_of(details: &Details) -> Option<String> {
    let metadata = Some(&details.metadata).filter(|metadata| !metadata.is_empty());
    metadata.map(|metadata| serde_json::to_string(metadata).expect("a map of texts is JSON"))
}

/// Adds an order unless its request has made one before. Returns whether it was added.
pub async fn insert(tx: &Tx, new: &NewOrder, order: &Order) -> Result<bool, Error> {
    let row = ActiveModel {
        order_id: Set(order.id),
        customer_id: Set(order.customer.clone()),
        reference: Set(order.reference.clone()),
        currency_code: Set(order.currency.as_str().to_owned()),
        state: Set(order.axes.state),
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
        payment_method: Set(Some(new.payment_method.clone()).filter(|_| !order.is_split())),
        expected_minor: Set(new.expected_minor),
        create_time: Set(order.create_time),
        update_time: Set(order.update_time),
        effective_time: Set(order.effective_time),
        line_count: Set(0),
        payment_status: Set(order.axes.payment),
        fulfillment_status: Set(order.axes.fulfillment),
        order_number: Set(order.number),
        channel: Set(order.channel.clone()),
        locale: Set(order.locale.clone()),
        subtotal_minor: Set(None),
        discount_minor: Set(0),
        shipping_minor: Set(0),
        tax_minor: Set(0),
        decline: Set(None),
        payment_tries: Set(order.tries),
        action_expire_time: Set(None),
        expire_time: Set(order.expire_time),
        return_url: Set(Some(new.return_url.clone()).filter(|url| !url.is_empty())),
        contact: Set(encoded(&order.details.contact)),
        shipping_address: Set(encoded(&order.details.shipping_address)),
        billing_address: Set(encoded(&order.details.billing_address)),
        customer_note: Set(order.details.customer_note.clone()),
        metadata: Set(metadata_of(&order.details)),
        capture_method: Set(order.capture),
        captured_minor: Set(0),
        given_back_minor: Set(0),
        canceled_minor: Set(0),
        fulfillment_count: Set(0),
        payment_count: Set(order.payments.len().max(1) as i64),
        public_prices: Set(new.only_public_prices.into()),
        reversed_minor: Set(0),
    };
    Ok(rows::insert_missing(tx, &[row]).await? == 1)
}

/// Writes an order as it has become from these axes. Returns false when another write has changed
/// it since the version before.
pub async fn update(tx: &Tx, order: &Order, before: Axes) -> Result<bool, Error> {
    let is_over = matches!(order.axes.state, State::Canceled | State::Rejected);
    let is_priced_or_over = is_over || order.total.is_some();
    // A payment method that was declined is not used again; of several, the others are.
    let is_pending = order.axes.state == State::Pending;
    let keeps_method = is_pending && order.decline.is_none();
    let keeps_url = keeps_method || is_pending && order.is_split();
    let Axes { state, payment, fulfillment } = order.axes;
    let row = ActiveModel {
        // What is set is written to the indexes again, even if it is the same.
        state: set_if(state != before.state, state),
        payment_status: set_if(payment != before.payment, payment),
        fulfillment_status: set_if(fulfillment != before.fulfillment, fulfillment),
        line_count: Set(order.line_count),
        requested_lines: set_if(is_priced_or_over, None),
        payment_method: set_if(!keeps_method, None),
        return_url: set_if(!keeps_url, None),
        total_minor: Set(order.total.map(|total| total.minor)),
        subtotal_minor: Set(order.total.map(|_| order.parts.subtotal)),
        refunded_minor: Set(order.refunded.minor),
        captured_minor: Set(order.captured),
        given_back_minor: Set(order.given_back),
        canceled_minor: Set(order.canceled),
        reversed_minor: Set(order.reversed),
        reason: Set(order.closure),
        decline: Set(order.decline.clone()),
        payment_tries: Set(order.tries),
        action_url: Set(order.action.as_ref().map(|action| action.url.clone())),
        action_expire_time: Set(order.action.as_ref().and_then(|action| action.expire_time)),
        fulfillment_count: Set(order.fulfillment_count),
        is_quarantined: Set(order.is_quarantined.into()),
        version: Set(order.version),
        update_time: Set(order.update_time),
        ..Default::default()
    };
    let key = [(Column::OrderId, order.id.into()), (Column::Version, (order.version - 1).into())];
    Ok(rows::update(tx, row, &key).await? > 0)
}

fn set_if<T: Into<Value>>(is_set: bool, value: T) -> ActiveValue<T> {
    if is_set { Set(value) } else { NotSet }
}

/// Stores another payment method, and where its customer returns to.
pub async fn set_payment_method(
    tx: &Tx,
    order: &Order,
    method: &str,
    return_url: &str,
) -> Result<(), Error> {
    let return_url = Some(return_url.to_owned()).filter(|url| !url.is_empty());
    // Why the one before was declined is over.
    let mut update = Entity::update_many()
        .col_expr(Column::ReasonFacts, Expr::val(None::<String>))
        .filter(Column::OrderId.eq(order.id));
    if order.is_split() {
        let number = order.share_in_turn().number;
        order_payment::set_method(tx, order.id, number, method).await?;
        // Its other payments may need the address that came before.
        if return_url.is_some() {
            update = update.col_expr(Column::ReturnUrl, Expr::val(return_url));
        }
    } else {
        update = update
            .col_expr(Column::PaymentMethod, Expr::val(method))
            .col_expr(Column::ReturnUrl, Expr::val(return_url));
    }
    update.exec(tx).await?;
    Ok(())
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
    pub return_url: Option<String>,
    pub expected_minor: Option<i64>,
    pub public_prices: i64,
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
        .column(Column::ReturnUrl)
        .column(Column::ExpectedMinor)
        .column(Column::PublicPrices)
        .filter(Column::OrderId.eq(given(0)))
});

/// Returns what is needed to price and pay an order that is being placed.
pub async fn requested(reader: &Reader, id: OrderId) -> Result<Requested, Error> {
    REQUESTED.one(reader, [id.into()]).await?.ok_or(Error::NotFound(id))
}

static BY_ID: Find<Entity> = Find::new(|| Entity::find().filter(Column::OrderId.eq(given(0))));
static BY_REQUEST: Find<Entity> =
    Find::new(|| Entity::find().filter(Column::RequestKey.eq(given(0))));

/// Returns an order with all that belongs to it, as the rules want it.
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
    repeated(reader, row, request).await
}

/// Returns the order that the same request made for one of these customers before, if there is one.
pub async fn of_request_for(
    reader: &Reader,
    request: &RequestKey,
    customers: &[String],
) -> Result<Option<Order>, Error> {
    for customer in customers {
        if let Some(row) = BY_REQUEST.one(reader, [request.under(customer).into()]).await? {
            return repeated(reader, row, request).await.map(Some);
        }
    }
    Ok(None)
}

async fn repeated(reader: &Reader, row: Model, request: &RequestKey) -> Result<Order, Error> {
    if !request.asks_as(&row.request_hash) {
        return Err(Error::RequestIdReused("order"));
    }
    let id = row.order_id;
    with_details(reader, vec![row], ALL_LINES).await?.pop().ok_or(Error::NotFound(id))
}

static OF_CUSTOMER: Prepared<Select<Entity>, Id> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::OrderId)
        .filter(Column::CustomerId.eq(given(0)))
        .filter(Column::OrderId.gt(given(1)))
        .order_by_asc(Column::OrderId)
        .limit(given_limit(2))
});

/// Returns the ids of a customer's orders after this one, oldest first.
pub async fn of_customer(
    reader: &Reader,
    customer: &str,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<OrderId>, Error> {
    let after = after.map_or(vec![0; 16], |id| id.as_bytes().to_vec());
    let found = OF_CUSTOMER.all(reader, [customer.into(), after.into(), limit.into()]).await?;
    Ok(found.into_iter().map(|row| row.order_id).collect())
}

/// Returns how many orders a customer has.
pub async fn count_of_customer(reader: &Reader, customer: &str) -> Result<i64, Error> {
    Ok(Entity::find().filter(Column::CustomerId.eq(customer)).count(reader).await? as i64)
}

/// Stores what an order says in these fields.
pub async fn set_details(tx: &Tx, order: &Order, fields: &[Field]) -> Result<(), Error> {
    let said = &order.details;
    let mut update = Entity::update_many().filter(Column::OrderId.eq(order.id));
    for field in fields {
        let (column, value): (Column, Value) = match field {
            Field::Contact => (Column::Contact, encoded(&said.contact).into()),
            Field::ShippingAddress => {
                (Column::ShippingAddress, encoded(&said.shipping_address).into())
            }
            Field::BillingAddress => {
                (Column::BillingAddress, encoded(&said.billing_address).into())
            }
            Field::CustomerNote => (Column::CustomerNote, said.customer_note.clone().into()),
            Field::Reference => (Column::Reference, order.reference.clone().into()),
            Field::Metadata => (Column::Metadata, metadata_of(said).into()),
        };
        update = update.col_expr(column, Expr::val(value));
    }
    update.exec(tx).await?;
    Ok(())
}

/// Gives an order to another customer.
pub async fn set_customer(tx: &Tx, id: OrderId, customer: &str) -> Result<(), Error> {
    let update = Entity::update_many().col_expr(Column::CustomerId, Expr::val(customer));
    update.filter(Column::OrderId.eq(id)).exec(tx).await?;
    Ok(())
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

const ALL_LINES: i64 = i64::MAX;

/// The most orders whose lines one statement reads.
const ORDERS_IN_ONE_STATEMENT: usize = 500;

/// Adds to orders what belongs to them, with a limit of lines for each.
pub(super) async fn with_details(
    reader: &Reader,
    rows: Vec<Model>,
    most_lines: i64,
) -> Result<Vec<Order>, Error> {
    let split: HashMap<OrderId, i64> = rows
        .iter()
        .filter(|row| row.payment_count > 1)
        .map(|row| (row.order_id, row.payment_count))
        .collect();
    let mut orders = rows.into_iter().map(Order::try_from).collect::<Result<Vec<_>, _>>()?;
    for chunk in orders.chunks_mut(ORDERS_IN_ONE_STATEMENT) {
        let ids: Vec<OrderId> = chunk.iter().map(|order| order.id).collect();
        let lines = order_line::of(reader, &ids, most_lines).await?;
        let refunds = refund::of(reader, &ids).await?;
        let for_rules = most_lines == ALL_LINES;
        let fulfillments = fulfillment::of(reader, &ids, for_rules).await?;
        let cancellations =
            if for_rules { cancellation::pending(reader, &ids).await? } else { vec![] };

        let mut by_id: HashMap<OrderId, &mut Order> =
            chunk.iter_mut().map(|order| (order.id, order)).collect();
        for row in lines {
            if let Some(order) = by_id.get_mut(&row.order_id) {
                order.lines.push(row.in_currency(order.currency));
            }
        }
        let ids: Vec<OrderId> = ids.into_iter().filter(|id| split.contains_key(id)).collect();
        if !ids.is_empty() {
            for row in order_payment::of(reader, &ids).await? {
                if let Some(order) = by_id.get_mut(&row.order_id) {
                    order.payments.push(row.of_count(split[&order.id]));
                }
            }
            for (id, reversed) in reversed_capture::of(reader, &ids).await? {
                if let Some(order) = by_id.get_mut(&id) {
                    order.add_reversed(&reversed);
                }
            }
        }
        for (row, lines) in refunds {
            if let Some(order) = by_id.get_mut(&row.order_id) {
                order.refunds.push(row.in_currency(order.currency, lines));
            }
        }
        for (id, fulfillment) in fulfillments {
            if let Some(order) = by_id.get_mut(&id) {
                order.fulfillments.push(fulfillment);
            }
        }
        for (id, part) in cancellations {
            if let Some(order) = by_id.get_mut(&id) {
                order.cancellation = Some(part);
            }
        }
    }
    Ok(orders)
}
