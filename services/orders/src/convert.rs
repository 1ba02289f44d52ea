//! Wire ↔ domain: the only place where wire data becomes trusted data.

mod details;

use std::collections::BTreeSet;
use std::time::Duration;

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use souk_client::payments::v1::DeclineCode;
use souk_contract::FieldError;
use souk_data::page::PageTokens;
use souk_types::{Currency, FulfillmentId, Money, OrderId, Timestamp};

use crate::actor::Actor;
use crate::change::Change;
use crate::error::{EffectiveTimeFault, Error};
use crate::fulfillment::first_repeated;
use crate::new_order::NewOrder;
use crate::order::{
    FULFILLMENTS_SHOWN, Item, LINES_SHOWN, Line, Order, Refund, RefundLine, RefundRequest,
    RefundScope, RequestedLine, RequestedRefundLine,
};
use crate::part::{Cancellation, Fulfillment, NewFulfillment, Tracking, Units};
use crate::request_key::RequestKey;
use crate::share::{NewShare, Share};
use crate::state::{CaptureMethod, State};
use crate::store::history;
use crate::store::order_list::{DEFAULT_CHANNEL, Filter};

pub use details::{order_update, updated_order_id};

fn field(field: impl Into<String>, problem: impl std::fmt::Display) -> Error {
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
            Ok(RequestedLine { item, quantity: line.quantity.into() })
        })
        .collect()
}

/// Reads the time at which something happened in the world: never ahead of now.
pub fn effective_time(
    time: Option<prost_types::Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let Some(time) = time else { return Ok(None) };
    let time = Timestamp::try_from(time)
        .map_err(|_| Error::EffectiveTime(EffectiveTimeFault::OutOfRange))?;
    if time > now {
        return Err(Error::EffectiveTime(EffectiveTimeFault::InTheFuture));
    }
    Ok(Some(time))
}

/// Reads an amount of at least `least` minor units, 0 or 1.
fn amount(name: &str, money: souk_client::types::v1::Money, least: i64) -> Result<Money, Error> {
    let of_currency = |error| field(format!("{name}.currency_code"), error);
    let money = Money::try_from(money).map_err(of_currency)?;
    money.currency.of_commerce().map_err(of_currency)?;
    if money.minor < least {
        let allowed = if least == 0 {
            "must be 0 minor units or more"
        } else {
            "must be more than 0 minor units"
        };
        return Err(field(format!("{name}.minor_units"), allowed));
    }
    Ok(money)
}

/// Reads what is to be refunded.
pub fn refund(
    caller: &Caller,
    request: pb::RefundOrderRequest,
    effective_time: Option<Timestamp>,
) -> Result<RefundRequest, Error> {
    let restock = request.restock();
    let takes_all_back = restock == pb::RestockPolicy::All;
    if let Some(money) = request.shipping_amount.clone()
        && amount("shipping_amount", money, 0)?.minor > 0
    {
        let order = request.order_id()?;
        let field = "shipping_amount".to_owned();
        return Err(Error::RefundExceedsOrder { order, refundable: 0, field });
    }
    let scope = match (request.lines.is_empty(), request.amount.clone()) {
        (false, Some(_)) => {
            return Err(field("amount", "must be absent beside lines: each has its own amount"));
        }
        (false, None) => RefundScope::Lines(refund_lines(&request.lines, takes_all_back)?),
        (true, Some(_)) if takes_all_back => {
            return Err(field("restock", "needs lines, because an amount names no goods"));
        }
        (true, Some(money)) => RefundScope::Amount(amount("amount", money, 1)?),
        (true, None) => RefundScope::Rest { restock: takes_all_back },
    };
    Ok(RefundRequest {
        scope,
        reason: request.reason.into(),
        note: request.note,
        actor: Actor::of(caller),
        payment: None,
        effective_time,
    })
}

fn refund_lines(
    lines: &[pb::RefundLine],
    takes_all_back: bool,
) -> Result<Vec<RequestedRefundLine>, Error> {
    let mut named = BTreeSet::new();
    let lines = lines.iter().enumerate().map(|(index, line)| {
        if !named.insert(line.line_number) {
            let path = format!("lines[{index}].line_number");
            return Err(field(path, "must not be named by another line of the request"));
        }
        let restock = match line.restock() {
            pb::RestockPolicy::Unspecified => takes_all_back,
            policy => policy == pb::RestockPolicy::All,
        };
        let path = format!("lines[{index}].amount");
        // Units that neither are paid back nor return would be a refund of nothing.
        let least = i64::from(!restock);
        let amount = line.amount.clone().map(|money| amount(&path, money, least)).transpose()?;
        Ok(RequestedRefundLine {
            number: line.line_number.into(),
            quantity: line.quantity.into(),
            amount,
            restock,
        })
    });
    lines.collect()
}

/// Reads units of lines, each of which may be named once; `field` is that of the request.
fn units(lines: &[pb::FulfillmentLine], named: &str) -> Result<Vec<Units>, Error> {
    let units: Vec<Units> = lines
        .iter()
        .map(|line| Units { number: line.line_number.into(), quantity: line.quantity.into() })
        .collect();
    match first_repeated(&units) {
        Some(index) => {
            let path = format!("{named}[{index}].line_number");
            Err(field(path, "must not be named by another line of the request"))
        }
        None => Ok(units),
    }
}

/// Reads what is to leave.
pub fn new_fulfillment(
    caller: &Caller,
    asked: Option<pb::Fulfillment>,
    effective_time: Option<Timestamp>,
    now: Timestamp,
) -> Result<NewFulfillment, Error> {
    let asked = asked.unwrap_or_default();
    Ok(NewFulfillment {
        id: FulfillmentId::new(now),
        lines: units(&asked.lines, "fulfillment.lines")?,
        location: asked.location_id,
        tracking: tracking(asked.tracking),
        actor: Actor::of(caller),
        effective_time,
    })
}

/// Reads the id of a fulfillment that is to be changed.
pub fn fulfillment_id(asked: &pb::Fulfillment) -> Result<FulfillmentId, Error> {
    asked.fulfillment_id.parse().map_err(|error| field("fulfillment.fulfillment_id", error))
}

/// Reads how the customer finds a parcel.
pub fn tracking(asked: Option<pb::Tracking>) -> Tracking {
    let asked = asked.unwrap_or_default();
    Tracking { carrier: asked.carrier, number: asked.tracking_number, uri: asked.tracking_uri }
}

/// Checks that the mask of UpdateFulfillment names the one thing that can be changed.
pub fn tracking_mask(mask: Option<prost_types::FieldMask>) -> Result<(), Error> {
    let paths = mask.unwrap_or_default().paths;
    if paths.is_empty() {
        return Err(field("update_mask", "must name at least one field"));
    }
    if paths.iter().any(|path| path != "tracking" && path != "*") {
        return Err(field("update_mask", "must name `tracking` or `*`"));
    }
    Ok(())
}

/// Reads a request id that is needed for one part of a request and otherwise has no use.
fn key_of(
    caller: &Caller,
    request_id: &str,
    of: &str,
    is_needed: bool,
    without_id: &impl prost::Message,
) -> Result<Option<RequestKey>, Error> {
    match (is_needed, request_id) {
        (true, "") => Err(field("request_id", format!("is required with `{of}`"))),
        (false, "") => Ok(None),
        (true, id) => Ok(Some(RequestKey::of(caller, id, without_id))),
        (false, _) => Err(field("request_id", format!("must be empty without `{of}`"))),
    }
}

/// Reads the units that are to be canceled, and the key of the request; none for all that are open.
pub fn canceled_units(
    caller: &Caller,
    request: &pb::CancelOrderRequest,
) -> Result<Option<(Vec<Units>, RequestKey)>, Error> {
    let without_id = pb::CancelOrderRequest { request_id: String::new(), ..request.clone() };
    let is_part = !request.lines.is_empty();
    let key = key_of(caller, &request.request_id, "lines", is_part, &without_id)?;
    let units = units(&request.lines, "lines")?;
    Ok(key.map(|key| (units, key)))
}

/// Reads how much is to be captured, and the key of the request; none for all that is left.
pub fn captured_amount(
    caller: &Caller,
    request: &pb::CaptureOrderRequest,
) -> Result<Option<(Money, RequestKey)>, Error> {
    let without_id = pb::CaptureOrderRequest { request_id: String::new(), ..request.clone() };
    let is_part = request.amount.is_some();
    let key = key_of(caller, &request.request_id, "amount", is_part, &without_id)?;
    let money = request.amount.clone().map(|money| amount("amount", money, 1)).transpose()?;
    Ok(money.zip(key))
}

/// Returns the permanent key of a fulfillment, and what was requested.
pub fn fulfillment_key(caller: &Caller, request: &pb::CreateFulfillmentRequest) -> RequestKey {
    let without_id = pb::CreateFulfillmentRequest { request_id: String::new(), ..request.clone() };
    RequestKey::of(caller, &request.request_id, &without_id)
}

/// Reads who cancels an order, and why.
pub fn cancellation(caller: &Caller, request: &pb::CancelOrderRequest) -> Cancellation {
    Cancellation {
        actor: Actor::of(caller),
        reason: request.reason.into(),
        note: request.note.clone(),
    }
}

/// Reads which orders to list.
pub fn filter(request: &pb::ListOrdersRequest) -> Result<Filter, Error> {
    let time = |name: &'static str, time: Option<prost_types::Timestamp>| {
        let time = time.map(Timestamp::try_from).transpose();
        time.map_err(|_| field(name, EffectiveTimeFault::OutOfRange.text()))
    };
    let number = match request.order_number.as_str() {
        "" => None,
        // Whatever is no number is that of no order.
        text => Some(text.parse().unwrap_or(-1)),
    };
    let of = |values: &[i32]| values.iter().map(|value| i64::from(*value)).collect();
    Ok(Filter {
        customer: request.customer_id.clone(),
        states: of(&request.states),
        payment_statuses: of(&request.payment_statuses),
        fulfillment_statuses: of(&request.fulfillment_statuses),
        created_from: time("create_time_after", request.create_time_after)?,
        created_before: time("create_time_before", request.create_time_before)?,
        reference: request.reference.clone(),
        number,
        channel: request.channel.clone(),
        sku: request.sku.clone(),
        oldest_first: request.order_by == "create_time",
    })
}

/// Reads the payments of an order that several are to pay; none when one pays all.
fn shares(
    partial: Vec<pb::PartialPayment>,
    of_the_rest: &str,
    currency: Currency,
) -> Result<Vec<NewShare>, Error> {
    if partial.is_empty() {
        return Ok(vec![]);
    }
    let mut shares = Vec::with_capacity(partial.len() + 1);
    for (index, one) in partial.into_iter().enumerate() {
        let path = format!("partial_payments[{index}].amount");
        let money = one.amount.ok_or_else(|| field(&path, "is required"))?;
        let money = amount(&path, money, 1)?;
        if money.currency != currency {
            let problem = format!("must be {currency}, the currency of the order");
            return Err(field(format!("{path}.currency_code"), problem));
        }
        shares.push(NewShare { payment_method: one.payment_method, minor: Some(money.minor) });
    }
    shares.push(NewShare { payment_method: of_the_rest.to_owned(), minor: None });
    Ok(shares)
}

/// Reads an order that is to be placed; its number is given later.
pub fn new_order(
    caller: &Caller,
    mut request: pb::PlaceOrderRequest,
    time_to_pay: Duration,
    now: Timestamp,
) -> Result<NewOrder, Error> {
    let request_id = std::mem::take(&mut request.request_id);
    let customer = std::mem::take(&mut request.customer_id);
    let owner = if customer.is_empty() { caller.owner() } else { customer.clone() };
    let key = RequestKey::kept_by(&owner, &request_id, &request);
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
    let capture = match request.capture_method() {
        pb::CaptureMethod::Unspecified | pb::CaptureMethod::Automatic => CaptureMethod::Automatic,
        pb::CaptureMethod::OnFulfillment => CaptureMethod::OnFulfillment,
        pb::CaptureMethod::Manual => CaptureMethod::Manual,
    };
    let channel = match request.channel.as_str() {
        "" => DEFAULT_CHANNEL.to_owned(),
        _ => request.channel,
    };
    Ok(NewOrder {
        id: OrderId::new(now),
        number: 0,
        actor: Actor::of(caller),
        customer,
        reference: request.reference,
        channel,
        locale: request.locale,
        details: details::read(pb::OrderUpdate {
            contact: request.contact,
            shipping_address: request.shipping_address,
            billing_address: request.billing_address,
            customer_note: request.customer_note,
            metadata: request.metadata,
            ..pb::OrderUpdate::default()
        }),
        currency,
        requested_lines: requested_lines(request.lines)?,
        shares: shares(request.partial_payments, &request.payment_method, currency)?,
        payment_method: request.payment_method,
        return_url: request.return_url,
        capture,
        expire_time: now.plus(time_to_pay),
        expected_minor: expected.map(|expected| expected.minor),
        only_public_prices: matches!(caller, Caller::User(_)),
        request: key,
        effective_time: effective_time(request.effective_time, now)?,
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
        let is_pending = order.axes.state == State::Pending;
        let part = |minor| order.total.map(|total| Money::new(total.currency, minor).into());
        pb::Order {
            order_id: order.id.to_string(),
            customer_id: order.customer.clone(),
            reference: order.reference.clone(),
            state: order.axes.state as i32,
            lines: order.lines.iter().take(LINES_SHOWN).map(pb::OrderLine::from).collect(),
            total: order.total.and_then(wire),
            refunded_total: wire(order.refunded),
            reservation_id: if is_priced {
                order.reservation_id().to_string()
            } else {
                String::new()
            },
            refunds: order.refunds.iter().map(pb::Refund::from).collect(),
            version: order.version,
            quarantined: order.is_quarantined,
            create_time: Some(order.create_time.into()),
            update_time: Some(order.update_time.into()),
            effective_time: Some(order.effective_time.into()),
            line_count: order.line_count as i32,
            order_number: order.number.to_string(),
            payment_status: order.axes.payment as i32,
            fulfillment_status: order.axes.fulfillment as i32,
            closure_reason: order.closure.map_or(0, |reason| reason.closure() as i32),
            channel: order.channel.clone(),
            locale: order.locale.clone(),
            subtotal: part(order.parts.subtotal),
            discount_total: part(order.parts.discount),
            shipping_total: part(order.parts.shipping),
            tax_total: part(order.parts.tax),
            tax_included: false,
            adjustments: vec![],
            payments: if is_priced {
                order.shares().iter().map(|share| payment_of(order, share)).collect()
            } else {
                vec![]
            },
            payment_action: order.action.as_ref().map(|action| pb::OrderPaymentAction {
                redirect_uri: action.url.clone(),
                expire_time: Some(action.expire_time.unwrap_or(order.expire_time).into()),
            }),
            expire_time: is_pending.then(|| order.expire_time.into()),
            contact: order.details.contact.clone(),
            shipping_address: order.details.shipping_address.clone(),
            billing_address: order.details.billing_address.clone(),
            customer_note: order.details.customer_note.clone(),
            metadata: order.details.metadata.clone(),
            capture_method: order.capture as i32,
            fulfillments: order
                .fulfillments
                .iter()
                .take(FULFILLMENTS_SHOWN)
                .map(|one| fulfillment(order.id, one))
                .collect(),
            fulfillment_count: order.fulfillment_count as i32,
            canceled_total: part(order.canceled),
            captured_total: part(order.captured_net()),
            etag: order.etag(),
        }
    }
}

/// Returns a fulfillment of an order.
pub fn fulfillment(order: OrderId, one: &Fulfillment) -> pb::Fulfillment {
    let Tracking { carrier, number, uri } = &one.tracking;
    let is_tracked = one.tracking != Tracking::default();
    let lines = one.lines.iter().take(LINES_SHOWN).map(|units| pb::FulfillmentLine {
        line_number: units.number as i32,
        quantity: units.quantity as i32,
    });
    pb::Fulfillment {
        fulfillment_id: one.id.to_string(),
        order_id: order.to_string(),
        state: one.state as i32,
        lines: lines.collect(),
        line_count: one.line_count as i32,
        location_id: one.location.clone(),
        tracking: is_tracked.then(|| pb::Tracking {
            carrier: carrier.clone(),
            tracking_number: number.clone(),
            tracking_uri: uri.clone(),
        }),
        create_time: Some(one.create_time.into()),
        update_time: Some(one.update_time.into()),
        effective_time: Some(one.effective_time.into()),
        delivery_time: one.delivery_time.map(Into::into),
        actor: (&one.actor).into(),
        etag: one.version.to_string(),
    }
}

fn payment_of(order: &Order, share: &Share) -> pb::OrderPayment {
    let is_in_turn = share.id == order.share_in_turn().id;
    let decline = order.decline.as_deref().filter(|_| is_in_turn);
    let of = |minor| wire(Money::new(order.currency, minor));
    pb::OrderPayment {
        payment_id: share.id.to_string(),
        status: order.status_of(share) as i32,
        amount: of(share.amount),
        decline: decline.and_then(DeclineCode::from_str_name).unwrap_or_default().into(),
        captured: of(share.captured),
        refunded: of(share.paid_back),
    }
}

impl From<&Line> for pb::OrderLine {
    fn from(line: &Line) -> Self {
        let zero = Money::zero(line.unit_price.currency);
        let subtotal = line.unit_price.times(line.quantity).ok();
        pb::OrderLine {
            line_number: line.number as i32,
            sku: line.sku.clone(),
            price_id: line.price.to_string(),
            title: line.title.clone(),
            quantity: line.quantity as i32,
            unit_price: wire(line.unit_price),
            refunded_quantity: line.refunded as i32,
            returned_quantity: line.returned as i32,
            product_id: line.product.map_or_else(String::new, |id| id.to_string()),
            variant_id: line.variant.map_or_else(String::new, |id| id.to_string()),
            subtotal: subtotal.and_then(wire),
            discount_total: wire(zero),
            tax_total: wire(zero),
            total: subtotal.and_then(wire),
            fulfilled_quantity: line.fulfilled as i32,
            canceled_quantity: line.canceled as i32,
        }
    }
}

impl From<&Refund> for pb::Refund {
    fn from(refund: &Refund) -> Self {
        let currency = refund.amount.currency;
        let line = |line: &RefundLine| pb::RefundLine {
            line_number: line.number as i32,
            quantity: line.quantity as i32,
            amount: wire(Money::new(currency, line.amount)),
            restock: if line.restock {
                pb::RestockPolicy::All.into()
            } else {
                pb::RestockPolicy::None.into()
            },
            tax_amount: wire(Money::zero(currency)),
        };
        pb::Refund {
            refund_id: refund.id.to_string(),
            state: refund.state as i32,
            amount: wire(refund.amount),
            lines: refund.lines.iter().take(LINES_SHOWN).map(line).collect(),
            create_time: Some(refund.create_time.into()),
            effective_time: Some(refund.effective_time.into()),
            line_count: refund.lines.len() as i32,
            reason: refund.reason as i32,
            note: refund.note.clone(),
            shipping_amount: wire(Money::zero(currency)),
            actor: (&refund.actor).into(),
            tax_amount: wire(Money::zero(currency)),
        }
    }
}

/// Returns a change of an order in this currency; `to_staff` also what staff noted for staff.
pub fn change(row: &history::Row, currency: Currency, to_staff: bool) -> pb::OrderChange {
    let kind = Change::kind_of(&row.kind);
    let is_for_staff = kind == pb::OrderChangeKind::Resumed;
    let updated_fields = row.updated_fields.as_deref().unwrap_or_default().split_whitespace();
    pb::OrderChange {
        version: row.version,
        kind: kind.into(),
        state: row.state as i32,
        payment_status: row.payment_status as i32,
        fulfillment_status: row.fulfillment_status as i32,
        previous_state: row.previous_state.map_or(0, |state| state as i32),
        previous_payment_status: row.previous_payment_status.map_or(0, |status| status as i32),
        previous_fulfillment_status: row
            .previous_fulfillment_status
            .map_or(0, |status| status as i32),
        refunded_total: wire(Money::new(currency, row.refunded_minor)),
        cause: row.cause as i32,
        actor: (&Actor(row.actor.clone())).into(),
        cancel_reason: row.cancel_reason as i32,
        note: if is_for_staff && !to_staff { String::new() } else { row.note.clone() },
        change_time: Some(row.change_time.into()),
        canceled_total: wire(Money::new(currency, row.canceled_minor)),
        captured_total: wire(Money::new(currency, row.captured_minor)),
        fulfillment_id: row.fulfillment_id.map_or_else(String::new, |id| id.to_string()),
        updated_fields: updated_fields.map(str::to_owned).collect(),
    }
}
