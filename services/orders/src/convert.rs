//! Wire ↔ domain: the only place where wire data becomes trusted data.

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use souk_contract::FieldError;
use souk_data::page::PageTokens;
use souk_types::{Currency, Money, OrderId, Timestamp};

use crate::error::{EffectiveTimeFault, Error};
use crate::new_order::NewOrder;
use crate::order::{
    Item, LINES_SHOWN, Line, Order, Refund, RefundLine, RefundRequest, RefundScope, RequestedLine,
};
use crate::request_key::RequestKey;
use crate::store::history;

fn field(field: &'static str, problem: impl std::fmt::Display) -> Error {
    FieldError::new(field, problem).into()
}

/// Reads the lines that are asked for.
fn requested_lines(lines: Vec<pb::PlaceOrderLine>) -> Result<Vec<RequestedLine>, Error> {
    use pb::place_order_line::Item as Wire;
    lines
        .into_iter()
        .map(|line| {
            let item = match line.item.ok_or_else(|| field("lines.item", "is required"))? {
                Wire::Sku(sku) => Item::Sku(sku),
                Wire::PriceId(id) => {
                    Item::Price(id.parse().map_err(|error| field("lines.price_id", error))?)
                }
            };
            Ok(RequestedLine { item, quantity: line.quantity })
        })
        .collect()
}

/// Returns whose order it is to be, if this caller may order for that customer.
pub fn customer(caller: &Caller, asked: String) -> Result<String, Error> {
    match caller {
        Caller::User(own) if asked.is_empty() || asked == *own => Ok(own.clone()),
        Caller::User(_) => Err(Error::OtherCustomer),
        _ => Ok(asked),
    }
}

/// Reads the time at which something happened in the world: for STAFF only, and never ahead of now.
pub fn effective_time(
    caller: &Caller,
    time: Option<prost_types::Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let Some(time) = time else { return Ok(None) };
    let time = Timestamp::try_from(time)
        .map_err(|_| Error::EffectiveTime(EffectiveTimeFault::OutOfRange))?;
    match caller {
        Caller::Staff(_) if time <= now => Ok(Some(time)),
        Caller::Staff(_) => Err(Error::EffectiveTime(EffectiveTimeFault::InTheFuture)),
        _ => Err(Error::EffectiveTime(EffectiveTimeFault::NotStaff)),
    }
}

/// Reads an amount of at least `least` minor units, 0 or 1.
fn amount(
    name: &'static str,
    money: souk_client::types::v1::Money,
    least: i64,
) -> Result<Money, Error> {
    let money = Money::try_from(money).map_err(|error| field(name, error))?;
    money.currency.of_commerce().map_err(|error| field(name, error))?;
    if money.minor < least {
        let allowed = if least == 0 {
            "must be 0 minor units or more"
        } else {
            "must be more than 0 minor units"
        };
        return Err(field(name, allowed));
    }
    Ok(money)
}

/// Reads what is to be refunded.
pub fn refund(
    request: pb::RefundOrderRequest,
    effective_time: Option<Timestamp>,
) -> Result<RefundRequest, Error> {
    let scope = match (request.lines.is_empty(), request.amount) {
        (false, Some(_)) if !request.restock => {
            return Err(field(
                "amount",
                "beside lines needs restock, because without it the price of the lines is the amount",
            ));
        }
        (false, money) => {
            let lines = request.lines.iter();
            let lines = lines.map(|line| RefundLine {
                number: line.line_number.into(),
                quantity: line.quantity,
            });
            RefundScope::Lines(
                lines.collect(),
                money.map(|money| amount("amount", money, 0)).transpose()?,
            )
        }
        (true, Some(_)) if request.restock => {
            return Err(field("restock", "needs lines, because an amount names no goods"));
        }
        (true, Some(money)) => RefundScope::Amount(amount("amount", money, 1)?),
        (true, None) => RefundScope::Rest,
    };
    Ok(RefundRequest { scope, restock: request.restock, effective_time })
}

/// Reads an order that is to be placed.
pub fn new_order(
    caller: &Caller,
    mut request: pb::PlaceOrderRequest,
    now: Timestamp,
) -> Result<NewOrder, Error> {
    let request_id = std::mem::take(&mut request.request_id);
    let key = RequestKey::of(caller, &request_id, &request);
    let currency = request.currency_code.parse().and_then(Currency::of_commerce);
    let currency = currency.map_err(|error| field("currency_code", error))?;
    let expected = request
        .expected_total
        .take()
        .map(|total| amount("expected_total", total, 0))
        .transpose()?;
    if expected.is_some_and(|expected| expected.currency != currency) {
        return Err(field(
            "expected_total.currency_code",
            format!("must be {currency}, the currency of the order"),
        ));
    }
    Ok(NewOrder {
        id: OrderId::new(now),
        customer: customer(caller, request.customer_id)?,
        reference: request.reference,
        currency,
        requested_lines: requested_lines(request.lines)?,
        payment_method: request.payment_method,
        expected_minor: expected.map(|expected| expected.minor),
        request: key,
        effective_time: effective_time(caller, request.effective_time, now)?,
    })
}

/// Returns the permanent key of a refund, and what was requested.
pub fn refund_key(caller: &Caller, request: &pb::RefundOrderRequest) -> RequestKey {
    let without_id = pb::RefundOrderRequest { request_id: String::new(), ..request.clone() };
    RequestKey::of(caller, &request.request_id, &without_id)
}

/// Returns the token that resumes the stream of an order after this version.
pub fn resume_token(tokens: &PageTokens, id: OrderId, version: i64) -> String {
    tokens.issue(&["watch", &id.to_string()], &[version.into()])
}

/// Reads which version of an order was seen last; 0 for none.
pub fn seen_version(tokens: &PageTokens, id: OrderId, token: &str) -> Result<i64, Error> {
    let cursor = tokens.open(&["watch", &id.to_string()], token).map_err(|_| Error::ResumeToken)?;
    cursor.map_or(Ok(0), |cursor| cursor.get(0)).map_err(|_| Error::ResumeToken)
}

fn wire(money: Money) -> Option<souk_client::types::v1::Money> {
    Some(money.into())
}

impl From<&Order> for pb::Order {
    fn from(order: &Order) -> Self {
        let is_priced = order.total.is_some();
        pb::Order {
            order_id: order.id.to_string(),
            customer_id: order.customer.clone(),
            reference: order.reference.clone(),
            state: order.state as i32,
            lines: order.lines.iter().take(LINES_SHOWN).map(pb::OrderLine::from).collect(),
            total: order.total.and_then(wire),
            refunded: wire(order.refunded),
            payment_id: if is_priced { order.payment_id().to_string() } else { String::new() },
            reservation_id: if is_priced {
                order.reservation_id().to_string()
            } else {
                String::new()
            },
            refunds: order.refunds.iter().map(pb::Refund::from).collect(),
            reason: order.reason.map_or_else(String::new, |reason| reason.name().to_owned()),
            version: order.version,
            is_quarantined: order.is_quarantined,
            payment_action_url: order.action_url.clone().unwrap_or_default(),
            create_time: Some(order.create_time.into()),
            update_time: Some(order.update_time.into()),
            effective_time: Some(order.effective_time.into()),
            line_count: order.line_count as i32,
        }
    }
}

impl From<&Line> for pb::OrderLine {
    fn from(line: &Line) -> Self {
        pb::OrderLine {
            line_number: line.number as i32,
            sku: line.sku.clone(),
            price_id: line.price.to_string(),
            title: line.title.clone(),
            quantity: line.quantity,
            unit_price: wire(line.unit_price),
            refunded_quantity: line.refunded,
            returned_quantity: line.returned,
        }
    }
}

impl From<&Refund> for pb::Refund {
    fn from(refund: &Refund) -> Self {
        pb::Refund {
            refund_id: refund.id.to_string(),
            state: refund.state as i32,
            amount: wire(refund.amount),
            lines: refund
                .lines
                .iter()
                .take(LINES_SHOWN)
                .map(|line| pb::RefundLine {
                    line_number: line.number as i32,
                    quantity: line.quantity,
                })
                .collect(),
            restock: refund.restock,
            create_time: Some(refund.create_time.into()),
            effective_time: Some(refund.effective_time.into()),
            line_count: refund.lines.len() as i32,
        }
    }
}

impl From<&history::Model> for pb::OrderChange {
    fn from(change: &history::Model) -> Self {
        pb::OrderChange {
            version: change.version,
            state: change.state as i32,
            kind: change.kind.clone(),
            refunded_minor_units: change.refunded_minor,
            change_time: Some(change.change_time.into()),
        }
    }
}
