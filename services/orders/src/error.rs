//! What can go wrong in orders: each variant is one reason of the contract with its metadata.

use std::time::Duration;

use souk_client::ops::v1::ErrorReason as SagaReason;
use souk_client::orders::v1::ErrorReason;
use souk_contract::{FieldError, PublicError, Reason as _, Refusal, common};
use souk_types::{FulfillmentId, OrderId, PaymentId, RefundId, Timestamp};

use crate::part::FulfillmentState;
use crate::reason::{FIELD, Reason, SHORTAGE};
use crate::state::{Axes, MAX_FULFILLMENTS, MAX_REFUNDS};

/// When to come back to a service that drives as many orders as it can.
const OVERLOADED_DELAY: Duration = Duration::from_millis(100);

/// What is wrong with a time that a caller set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectiveTimeFault {
    InTheFuture,
    OutOfRange,
    BeforeTheSale,
    BeforeItLeft,
}

impl EffectiveTimeFault {
    /// Says what must be so.
    pub fn text(self) -> &'static str {
        match self {
            EffectiveTimeFault::InTheFuture => "must not be in the future",
            EffectiveTimeFault::BeforeTheSale => "must not be before the sale",
            EffectiveTimeFault::BeforeItLeft => "must not be before the goods left",
            EffectiveTimeFault::OutOfRange => "must be in the years 1 to 9999",
        }
    }
}

/// Everything that a method of this service can answer instead of a result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("order {0} does not exist")]
    NotFound(OrderId),
    #[error("order {order} was not placed: {}", reason.text())]
    Rejected { order: OrderId, payment: PaymentId, reason: Reason, facts: Vec<(String, String)> },
    #[error("the payment of order {order} was declined; try again with RetryPayment")]
    PaymentMethodDeclined {
        order: OrderId,
        payment: PaymentId,
        decline: String,
        expire_time: Timestamp,
    },
    #[error("order {order} does not allow this while {axes}")]
    State { order: OrderId, axes: Axes },
    #[error("another step of order {0} is in progress; retry")]
    Busy(OrderId),
    #[error("order {order} has no line {line}")]
    LineNotFound { order: OrderId, line: i64, field: &'static str, index: usize },
    #[error("order {order} has only {refundable} left to refund")]
    RefundExceedsOrder { order: OrderId, refundable: i64, field: String },
    #[error("line {line} of order {order} has only {returnable} units left to return")]
    ReturnExceedsOrder { order: OrderId, line: i64, returnable: i64, index: usize },
    #[error("order {0} has the maximum of {MAX_REFUNDS} refunds")]
    TooManyRefunds(OrderId),
    #[error("order {order} cannot leave: {}", Reason::OutOfStep.text())]
    OutOfStep { order: OrderId, facts: Vec<(String, String)> },
    #[error("line {line} of order {order} has only {open} open units")]
    ExceedsOpenUnits { order: OrderId, line: i64, open: i64, field: &'static str, index: usize },
    #[error("fulfillment {0} does not exist")]
    FulfillmentNotFound(FulfillmentId),
    #[error("fulfillment {id} does not allow this while {}", state.name())]
    FulfillmentState { id: FulfillmentId, state: FulfillmentState },
    #[error("order {0} has the maximum of {MAX_FULFILLMENTS} fulfillments")]
    TooManyFulfillments(OrderId),
    #[error("order {order} cannot leave: {}", Reason::StockNotOnHand.text())]
    StockNotOnHand { order: OrderId, facts: Vec<(String, String)> },
    #[error("the payment provider refused to capture the payment of order {order}")]
    CaptureDeclined { order: OrderId, payment: PaymentId, facts: Vec<(String, String)> },
    #[error("order {order} has only {capturable} left to capture")]
    CaptureExceedsOrder { order: OrderId, capturable: i64 },
    #[error("etag: is not the present one, {0}")]
    EtagMismatch(String),
    #[error("{0} is for services and staff only: leave it out of the update_mask")]
    FieldNotAllowed(String),
    #[error("the payment provider refused refund {refund} of order {order}")]
    RefundDeclined { order: OrderId, refund: RefundId },
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error("effective_time: {}", .0.text())]
    EffectiveTime(EffectiveTimeFault),
    #[error("guest_token: {0}")]
    GuestToken(String),
    #[error("another customer has claimed the guest")]
    GuestClaimed,
    #[error("the link opens no order, or it has expired")]
    LinkRefused,
    #[error("order {0} is not quarantined at that step")]
    NotQuarantined(OrderId),
    #[error("resume_token: does not belong to this order")]
    ResumeToken,
    #[error("request_id: was already used for a different {0}")]
    RequestIdReused(&'static str),
    #[error("too many orders are being placed; retry later")]
    Overloaded,
    /// Another replica has taken over the saga; the driver that notices stops at once.
    #[error("the lease of the saga is lost")]
    LeaseLost,
    #[error("the database holds an invalid value: {0}")]
    Unreadable(&'static str),
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Error::Database(error.into())
    }
}

impl PublicError for Error {
    fn refusal(&self) -> Refusal {
        match self {
            Error::NotFound(id) => of(ErrorReason::OrderNotFound, id).resource("Order", id),
            Error::Rejected { order, payment, reason, facts } => {
                rejected(order, payment, *reason, facts)
            }
            Error::PaymentMethodDeclined { order, payment, decline, expire_time } => {
                of(ErrorReason::PaymentMethodDeclined, order)
                    .with("payment_id", payment)
                    .with("expire_time", expire_time)
                    .with_some("decline", Some(decline).filter(|decline| !decline.is_empty()))
            }
            Error::State { order, axes } => of(ErrorReason::OrderState, order)
                .with("state", axes.state.name())
                .with("payment_status", axes.payment.name())
                .with("fulfillment_status", axes.fulfillment.name())
                .precondition(order),
            Error::Busy(id) => of(ErrorReason::OrderBusy, id),
            Error::LeaseLost => ErrorReason::OrderBusy.refusal(),
            Error::LineNotFound { order, line, field, index } => {
                of(ErrorReason::LineNotFound, order)
                    .with("line_number", line)
                    .field_at_fault(format!("{field}[{index}].line_number"))
            }
            Error::RefundExceedsOrder { order, refundable, field } => {
                let unit = if field.ends_with("quantity") { "units" } else { "minor units" };
                of(ErrorReason::RefundExceedsOrder, order)
                    .with("refundable", refundable)
                    .field(field, format!("must be at most {refundable} {unit}, which are left"))
            }
            Error::ReturnExceedsOrder { order, line, returnable, index } => {
                of(ErrorReason::ReturnExceedsOrder, order)
                    .with("line_number", line)
                    .with("returnable", returnable)
                    .field(
                        format!("lines[{index}].quantity"),
                        format!("must be at most {returnable}, the units that can come back"),
                    )
            }
            Error::TooManyRefunds(id) => {
                of(ErrorReason::TooManyRefunds, id).with("limit", MAX_REFUNDS)
            }
            Error::OutOfStep { order, facts } => {
                of(ErrorReason::OrderOutOfStep, order).with_all(facts)
            }
            Error::ExceedsOpenUnits { order, line, open, field, index } => {
                of(ErrorReason::ExceedsOpenUnits, order)
                    .with("line_number", line)
                    .with("open", open)
                    .field(
                        format!("{field}[{index}].quantity"),
                        format!("must be at most {open}, the units of the line that are open"),
                    )
            }
            Error::FulfillmentNotFound(id) => ErrorReason::FulfillmentNotFound
                .with("fulfillment_id", id)
                .resource("Fulfillment", id),
            Error::FulfillmentState { id, state } => ErrorReason::FulfillmentState
                .with("fulfillment_id", id)
                .with("state", state.name())
                .precondition(id),
            Error::TooManyFulfillments(id) => {
                of(ErrorReason::TooManyFulfillments, id).with("limit", MAX_FULFILLMENTS)
            }
            Error::StockNotOnHand { order, facts } => {
                with_listed(of(ErrorReason::StockNotOnHand, order), facts)
            }
            Error::CaptureDeclined { order, payment, facts } => with_listed(
                of(ErrorReason::CaptureDeclined, order).with("payment_id", payment),
                facts,
            ),
            Error::CaptureExceedsOrder { order, capturable } => {
                of(ErrorReason::CaptureExceedsOrder, order)
                    .with("capturable", capturable)
                    .field("amount", format!("must be at most {capturable} minor units"))
            }
            Error::EtagMismatch(etag) => Refusal::new(&common::ETAG_MISMATCH).with("etag", etag),
            Error::FieldNotAllowed(field) => {
                Refusal::new(&common::FIELD_NOT_ALLOWED).with("field", field).field_at_fault(field)
            }
            Error::RefundDeclined { order, refund } => {
                of(ErrorReason::RefundDeclined, order).with("refund_id", refund)
            }
            Error::EffectiveTime(fault) => {
                ErrorReason::EffectiveTime.refusal().field("effective_time", fault.text())
            }
            Error::GuestToken(why) => ErrorReason::GuestToken.refusal().field("guest_token", why),
            Error::GuestClaimed => ErrorReason::GuestClaimed.refusal(),
            Error::LinkRefused => ErrorReason::LinkRefused.refusal(),
            Error::NotQuarantined(id) => {
                SagaReason::SagaNotQuarantined.with("service", "orders").with("saga_id", id)
            }
            Error::ResumeToken => Refusal::new(&common::INVALID_PAGE_TOKEN)
                .field("resume_token", "does not belong to this order"),
            Error::RequestIdReused(what) => Refusal::new(&common::REQUEST_ID_REUSED)
                .field("request_id", format!("was already used for a different {what}")),
            Error::Field(error) => error.refusal(),
            Error::Overloaded => Refusal::new(&common::OVERLOADED).retry_after(OVERLOADED_DELAY),
            Error::Unreadable(_) => Refusal::internal(),
            Error::Database(error) => error.refusal(),
        }
    }
}

fn of(reason: ErrorReason, order: &OrderId) -> Refusal {
    reason.with("order_id", order)
}

/// Adds the facts that the reason may have; an upstream says more. The first of several counts, as
/// the first line does.
fn with_listed(refusal: Refusal, facts: &[(String, String)]) -> Refusal {
    let policy = refusal.policy().expect("a refusal with a reason");
    let mut listed: Vec<(String, String)> = vec![];
    for (key, value) in facts {
        let keys = policy.metadata.iter().chain(policy.optional_metadata);
        let is_new = listed.iter().all(|(known, _)| known != key);
        if is_new && keys.into_iter().any(|listed| listed == key) {
            listed.push((key.clone(), value.clone()));
        }
    }
    refusal.with_all(&listed)
}

/// Describes why an order was not placed, and which field of the request is at fault, if any.
fn rejected(
    order: &OrderId,
    payment: &PaymentId,
    reason: Reason,
    facts: &[(String, String)],
) -> Refusal {
    let of_key = |wanted: &'static str| {
        facts.iter().filter(move |(key, _)| key == wanted).map(|(_, value)| value)
    };
    // Of an order that was refused before there was a payment, its id would lead nowhere.
    let payment = reason.is_of_payment().then_some(payment);
    let refusal = of(reason.error(), order).with_some("payment_id", payment);
    let mut refusal = with_listed(refusal, facts);
    for shortage in of_key(SHORTAGE) {
        let mut words = shortage.splitn(3, ' ');
        if let (Some(requested), Some(available), Some(sku)) =
            (words.next(), words.next(), words.next())
        {
            let description = format!("requested {requested}, available {available}");
            refusal = refusal.precondition_because(sku, description);
        }
    }
    if reason == Reason::UnknownPaymentMethod {
        let field = of_key(FIELD).next().map_or("payment_method", String::as_str);
        return refusal.field(field, "is not known to the payment provider");
    }
    of_key(FIELD).fold(refusal, |refusal, field| refusal.field(field, reason.text()))
}
