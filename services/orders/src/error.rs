//! What can go wrong in orders: each variant is one reason of the contract with its metadata.

use std::time::Duration;

use souk_client::orders::v1::ErrorReason;
use souk_contract::{FieldError, PublicError, Reason as _, Refusal, common};
use souk_types::{OrderId, PaymentId, RefundId, Timestamp};

use crate::reason::{FIELD, Reason, SHORTAGE};
use crate::state::{Axes, MAX_REFUNDS};

/// When to come back to a service that drives as many orders as it can.
const OVERLOADED_DELAY: Duration = Duration::from_millis(100);

/// What is wrong with a time that a caller set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectiveTimeFault {
    NotStaff,
    InTheFuture,
    OutOfRange,
    BeforeTheSale,
}

impl EffectiveTimeFault {
    /// Says what must be so.
    pub fn text(self) -> &'static str {
        match self {
            EffectiveTimeFault::NotStaff => "only staff may set it",
            EffectiveTimeFault::InTheFuture => "must not be in the future",
            EffectiveTimeFault::BeforeTheSale => "must not be before the sale",
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
    LineNotFound { order: OrderId, line: i64, index: usize },
    #[error("order {order} has only {refundable} left to refund")]
    RefundExceedsOrder { order: OrderId, refundable: i64 },
    #[error("line {line} of order {order} has only {returnable} units left to return")]
    ReturnExceedsOrder { order: OrderId, line: i64, returnable: i64 },
    #[error("order {0} has the maximum of {MAX_REFUNDS} refunds")]
    TooManyRefunds(OrderId),
    #[error("order {order} cannot leave: {}", Reason::OutOfStep.text())]
    OutOfStep { order: OrderId, facts: Vec<(String, String)> },
    #[error("the payment provider refused refund {refund} of order {order}")]
    RefundDeclined { order: OrderId, refund: RefundId },
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error("customer_id: a user may place and read only its own orders")]
    OtherCustomer,
    #[error("effective_time: {}", .0.text())]
    EffectiveTime(EffectiveTimeFault),
    #[error("order {0} is not quarantined")]
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
            Error::LineNotFound { order, line, index } => of(ErrorReason::LineNotFound, order)
                .with("line_number", line)
                .field_at_fault(format!("lines[{index}].line_number")),
            Error::RefundExceedsOrder { order, refundable } => {
                of(ErrorReason::RefundExceedsOrder, order).with("refundable", refundable)
            }
            Error::ReturnExceedsOrder { order, line, returnable } => {
                of(ErrorReason::ReturnExceedsOrder, order)
                    .with("line_number", line)
                    .with("returnable", returnable)
            }
            Error::TooManyRefunds(id) => {
                of(ErrorReason::TooManyRefunds, id).with("limit", MAX_REFUNDS)
            }
            Error::OutOfStep { order, facts } => {
                of(ErrorReason::OrderOutOfStep, order).with_all(facts)
            }
            Error::RefundDeclined { order, refund } => {
                of(ErrorReason::RefundDeclined, order).with("refund_id", refund)
            }
            Error::OtherCustomer => Refusal::new(&common::OTHER_CUSTOMER)
                .field("customer_id", "a user may place and read only its own orders"),
            Error::EffectiveTime(fault) => {
                let reason = match fault {
                    EffectiveTimeFault::NotStaff => ErrorReason::EffectiveTimeNotAllowed,
                    _ => ErrorReason::EffectiveTime,
                };
                reason.refusal().field("effective_time", fault.text())
            }
            Error::NotQuarantined(id) => of(ErrorReason::NotQuarantined, id),
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
    // The first of several counts, as the first line does.
    let mut metadata: Vec<(String, String)> = vec![];
    for (key, value) in facts.iter().filter(|(key, _)| key != SHORTAGE) {
        if metadata.iter().all(|(known, _)| known != key) {
            metadata.push((key.clone(), value.clone()));
        }
    }
    let mut refusal = of(reason.error(), order).with("payment_id", payment).with_all(&metadata);
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
        return refusal.field("payment_method", "is not known to the payment provider");
    }
    of_key(FIELD).fold(refusal, |refusal, field| refusal.field(field, reason.text()))
}
