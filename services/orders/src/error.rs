//! What can go wrong in orders: each variant has one gRPC code and one reason of the contract.

use souk_client::orders::v1::ErrorReason;
use souk_client::policy::v1::ErrorReason as CommonReason;
use souk_contract::PublicError;
use souk_types::{OrderId, PaymentId, RefundId};
use tonic::Code;

use crate::order::{MAX_REFUNDS, State};

/// The fact of a rejection that names the field of the request which is at fault.
pub const FIELD: &str = "field";

/// Why an order was rejected or cancelled. Kept with the order, under the name of the contract's reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    PriceNotFound,
    PriceChanged,
    TotalOverflow,
    OutOfStock,
    PaymentDeclined,
    ReservationExpired,
    GaveUp,
    OrderCanceled,
    PaymentNotConfirmed,
    UnknownPaymentMethod,
    PaymentCanceled,
    NotForSale,
    PriceNotAllowed,
    UpstreamRefused,
    OutOfStep,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 15] = [
        Reason::PriceNotFound,
        Reason::PriceChanged,
        Reason::TotalOverflow,
        Reason::OutOfStock,
        Reason::PaymentDeclined,
        Reason::ReservationExpired,
        Reason::GaveUp,
        Reason::OrderCanceled,
        Reason::PaymentNotConfirmed,
        Reason::UnknownPaymentMethod,
        Reason::PaymentCanceled,
        Reason::NotForSale,
        Reason::PriceNotAllowed,
        Reason::UpstreamRefused,
        Reason::OutOfStep,
    ];

    /// Returns the name of the contract's reason, such as `ERROR_REASON_OUT_OF_STOCK`.
    pub fn name(self) -> &'static str {
        match self {
            Reason::PriceNotFound => ErrorReason::PriceNotFound,
            Reason::PriceChanged => ErrorReason::PriceChanged,
            Reason::TotalOverflow => ErrorReason::TotalOverflow,
            Reason::OutOfStock => ErrorReason::OutOfStock,
            Reason::PaymentDeclined => ErrorReason::PaymentDeclined,
            Reason::ReservationExpired => ErrorReason::ReservationExpired,
            Reason::GaveUp => ErrorReason::GaveUp,
            Reason::OrderCanceled => ErrorReason::OrderCanceled,
            Reason::PaymentNotConfirmed => ErrorReason::PaymentNotConfirmed,
            Reason::UnknownPaymentMethod => ErrorReason::UnknownPaymentMethod,
            Reason::PaymentCanceled => ErrorReason::PaymentCanceled,
            Reason::NotForSale => ErrorReason::NotForSale,
            Reason::PriceNotAllowed => ErrorReason::PriceNotAllowed,
            Reason::UpstreamRefused => ErrorReason::UpstreamRefused,
            Reason::OutOfStep => ErrorReason::OrderOutOfStep,
        }
        .as_str_name()
    }

    /// Returns the reason with this name, if there is one.
    pub fn from_name(name: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.name() == name)
    }

    fn text(self) -> &'static str {
        match self {
            Reason::PriceNotFound => "a line is not for sale in this currency",
            Reason::PriceChanged => "the prices no longer come to the expected total",
            Reason::TotalOverflow => "the total is more than 1,000,000,000,000,000 minor units",
            Reason::OutOfStock => "there is not enough stock",
            Reason::PaymentDeclined => "the payment was declined",
            Reason::ReservationExpired => "the stock could not be held as long as the payment took",
            Reason::GaveUp => "a service that it needs did not answer in time",
            Reason::OrderCanceled => "it was cancelled",
            Reason::PaymentNotConfirmed => "the payment was not confirmed in time",
            Reason::UnknownPaymentMethod => "the payment provider knows no such payment method",
            Reason::PaymentCanceled => "its payment was canceled",
            Reason::NotForSale => "a line is not for sale",
            Reason::PriceNotAllowed => "a user orders at default prices only",
            Reason::UpstreamRefused => "a service that it needs refused the request",
            Reason::OutOfStep => "its payment or its stock is not what it says",
        }
    }
}

/// What is wrong with a time that a caller set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectiveTimeFault {
    NotStaff,
    InTheFuture,
    OutOfRange,
    BeforeTheSale,
}

/// Everything that a method of this service can answer instead of a result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("order {0} does not exist")]
    NotFound(OrderId),
    #[error("order {order} was not placed: {}", reason.text())]
    Rejected { order: OrderId, payment: PaymentId, reason: Reason, facts: Vec<(String, String)> },
    #[error("order {order} does not allow this while {state}")]
    State { order: OrderId, state: State },
    #[error("another step of order {0} is under way; try again")]
    Busy(OrderId),
    #[error("order {order} has no line {line}")]
    LineNotFound { order: OrderId, line: i64 },
    #[error("order {order} has only {refundable} left to refund")]
    RefundExceedsOrder { order: OrderId, refundable: i64 },
    #[error("line {line} of order {order} has only {returnable} units left that can come back")]
    ReturnExceedsOrder { order: OrderId, line: i64, returnable: i64 },
    #[error("order {0} has {MAX_REFUNDS} refunds, which is the most it may have")]
    TooManyRefunds(OrderId),
    #[error("order {order} cannot leave: {}", Reason::OutOfStep.text())]
    OutOfStep { order: OrderId, facts: Vec<(String, String)> },
    #[error("the payment provider refused refund {refund} of order {order}")]
    RefundDeclined { order: OrderId, refund: RefundId },
    #[error("amount: beside lines needs restock, since the price of the lines says how much goes back")]
    LinesAndAmount,
    #[error("{field}: {text}")]
    Field { field: &'static str, text: String },
    #[error("customer_id: a user places and sees its own orders only")]
    OtherCustomer,
    #[error("effective_time: {}", match .0 {
        EffectiveTimeFault::NotStaff => "only staff may set it",
        EffectiveTimeFault::InTheFuture => "must not be in the future",
        EffectiveTimeFault::BeforeTheSale => "must not be before the sale",
        EffectiveTimeFault::OutOfRange => "must lie between the years 1 and 9999",
    })]
    EffectiveTime(EffectiveTimeFault),
    #[error("order {0} is not quarantined")]
    NotQuarantined(OrderId),
    #[error("resume_token: is not one of this order's")]
    ResumeToken,
    #[error("request_id: was used before for another {0}")]
    RequestIdReused(&'static str),
    #[error("too many orders are being placed; try again")]
    Overloaded,
    /// Another replica has taken the saga over; whoever notices stops at once.
    #[error("the lease of the saga is lost")]
    LeaseLost,
    #[error("the database holds {0}, which no version of this program writes")]
    Unreadable(&'static str),
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

impl PublicError for Error {
    fn code(&self) -> Code {
        match self {
            Error::NotFound(_) => Code::NotFound,
            Error::Rejected { reason: Reason::GaveUp, .. } | Error::Overloaded => Code::Unavailable,
            Error::Rejected { reason: Reason::UnknownPaymentMethod, .. } => Code::InvalidArgument,
            Error::Rejected { reason: Reason::PriceNotAllowed, .. } => Code::PermissionDenied,
            Error::Rejected { .. }
            | Error::ReturnExceedsOrder { .. }
            | Error::TooManyRefunds(_)
            | Error::OutOfStep { .. }
            | Error::State { .. }
            | Error::RefundExceedsOrder { .. }
            | Error::RefundDeclined { .. }
            | Error::NotQuarantined(_)
            | Error::RequestIdReused(_) => Code::FailedPrecondition,
            Error::Busy(_) | Error::LeaseLost => Code::Aborted,
            Error::OtherCustomer | Error::EffectiveTime(EffectiveTimeFault::NotStaff) => Code::PermissionDenied,
            Error::LineNotFound { .. }
            | Error::LinesAndAmount
            | Error::Field { .. }
            | Error::EffectiveTime(_)
            | Error::ResumeToken => Code::InvalidArgument,
            Error::Unreadable(_) => Code::Internal,
            Error::Database(error) => error.code(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Error::NotFound(_) => ErrorReason::OrderNotFound,
            Error::Rejected { reason, .. } => return reason.name(),
            Error::State { .. } => ErrorReason::OrderState,
            Error::Busy(_) | Error::LeaseLost => ErrorReason::OrderBusy,
            Error::LineNotFound { .. } => ErrorReason::LineNotFound,
            Error::RefundExceedsOrder { .. } => ErrorReason::RefundExceedsOrder,
            Error::ReturnExceedsOrder { .. } => ErrorReason::ReturnExceedsOrder,
            Error::TooManyRefunds(_) => ErrorReason::TooManyRefunds,
            Error::OutOfStep { .. } => ErrorReason::OrderOutOfStep,
            Error::RefundDeclined { .. } => ErrorReason::RefundDeclined,
            Error::OtherCustomer => ErrorReason::OtherCustomer,
            Error::EffectiveTime(_) => ErrorReason::EffectiveTime,
            Error::NotQuarantined(_) => ErrorReason::NotQuarantined,
            Error::ResumeToken => ErrorReason::InvalidResumeToken,
            Error::RequestIdReused(_) => ErrorReason::RequestIdReused,
            Error::LinesAndAmount | Error::Field { .. } => return CommonReason::InvalidField.as_str_name(),
            Error::Overloaded => return CommonReason::Overloaded.as_str_name(),
            Error::Unreadable(_) => return CommonReason::Internal.as_str_name(),
            Error::Database(error) => return error.reason(),
        }
        .as_str_name()
    }

    fn domain(&self) -> &'static str {
        match self {
            Error::LinesAndAmount | Error::Field { .. } | Error::Overloaded | Error::Unreadable(_) => "souk.policy.v1",
            Error::Database(error) => error.domain(),
            _ => "souk.orders.v1",
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        let pair = |key: &str, value: String| (key.to_owned(), value);
        match self {
            Error::NotFound(order) | Error::Busy(order) | Error::NotQuarantined(order) => {
                vec![pair("order_id", order.to_string())]
            }
            Error::Rejected { order, payment, facts, .. } => {
                let mut all = vec![pair("order_id", order.to_string()), pair("payment_id", payment.to_string())];
                all.extend(facts.iter().cloned());
                all
            }
            Error::ReturnExceedsOrder { order, line, returnable } => vec![
                pair("order_id", order.to_string()),
                pair("line_number", line.to_string()),
                pair("returnable", returnable.to_string()),
            ],
            Error::TooManyRefunds(order) => {
                vec![pair("order_id", order.to_string()), pair("limit", MAX_REFUNDS.to_string())]
            }
            Error::OutOfStep { order, facts } => {
                let mut all = vec![pair("order_id", order.to_string())];
                all.extend(facts.iter().cloned());
                all
            }
            Error::State { order, state } => {
                vec![pair("order_id", order.to_string()), pair("state", state.to_string())]
            }
            Error::LineNotFound { order, line } => {
                vec![pair("order_id", order.to_string()), pair("line_number", line.to_string())]
            }
            Error::RefundExceedsOrder { order, refundable } => {
                vec![pair("order_id", order.to_string()), pair("refundable", refundable.to_string())]
            }
            Error::RefundDeclined { order, refund } => {
                vec![pair("order_id", order.to_string()), pair("refund_id", refund.to_string())]
            }
            _ => vec![],
        }
    }

    fn describe(&self, details: &mut tonic_types::ErrorDetails) {
        let field = match self {
            Error::Field { field, .. } => field,
            Error::LinesAndAmount => "amount",
            Error::OtherCustomer => "customer_id",
            Error::EffectiveTime(_) => "effective_time",
            Error::ResumeToken => "resume_token",
            Error::RequestIdReused(_) => "request_id",
            Error::LineNotFound { .. } => "lines.line_number",
            Error::Rejected { reason: Reason::UnknownPaymentMethod, .. } => {
                details.add_bad_request_violation("payment_method", "is not one that the payment provider knows");
                return;
            }
            Error::Rejected { reason, facts, .. } => {
                let field = facts.iter().find(|(key, _)| key == FIELD);
                if let Some((_, field)) = field {
                    details.add_bad_request_violation(field, reason.text());
                }
                return;
            }
            Error::NotFound(order) => {
                details.set_resource_info("souk.orders.v1.Order", order.to_string(), "", "it does not exist");
                return;
            }
            Error::Database(error) => return error.describe(details),
            _ => return,
        };
        let text = self.to_string();
        let text = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest);
        details.add_bad_request_violation(field, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_found_again_by_its_name() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_name(reason.name()), Some(reason));
            assert!(reason.name().starts_with("ERROR_REASON_"));
        }
    }
}
