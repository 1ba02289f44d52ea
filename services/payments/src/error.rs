//! All errors of a call: each variant is one reason of the contract with its metadata.

use souk_client::payments::simulator::v1alpha::ErrorReason as SimulatorReason;
use souk_client::payments::v1::{
    DeclineCode as WireDeclineCode, ErrorReason as Reason, PaymentState,
};
use souk_contract::{FieldError, PublicError, Reason as _, Refusal, common};
use souk_types::{CaptureId, OrderId, PaymentId, RefundId};

use crate::attempt::{Decline, DeclineCode};
use crate::provider::NoAnswer;
use crate::state::State;

/// The methods of orders to use instead of changing the payment of an order.
pub mod instead {
    pub const PLACE: &str = "souk.orders.v1.OrderService.PlaceOrder";
    pub const CANCEL: &str = "souk.orders.v1.OrderService.CancelOrder";
    pub const REFUND: &str = "souk.orders.v1.OrderService.RefundOrder";
    /// For what orders does by itself.
    pub const GET: &str = "souk.orders.v1.OrderService.GetOrder";
}

/// Why the payments service refused a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("payment {0} does not exist")]
    NotFound(PaymentId),
    #[error("payment {payment} was created with another {field}")]
    Differs { payment: PaymentId, field: &'static str },
    #[error("payment {payment} does not allow this while {state}")]
    State { payment: PaymentId, state: State },
    #[error("the provider declined payment {payment}: {:?}", decline.code)]
    Declined { payment: PaymentId, decline: Decline },
    #[error("payment {payment} belongs to order {order}; use {instead}")]
    OfOrder { payment: PaymentId, order: OrderId, instead: &'static str },
    #[error(
        "order_id: must be empty from staff, because only the service that places an order creates its payment"
    )]
    OrderNotOfStaff { payment: PaymentId, order: OrderId },
    #[error("redirect_uri: was not issued by the simulator")]
    ActionNotFound,
    #[error("the payment no longer waits for its customer")]
    ActionClosed,
    #[error("no capture or refund with this id has succeeded")]
    OperationNotFound,
    #[error("more than the rest of the payment was refunded")]
    NotReversible,
    #[error("provider {0:?} does not exist")]
    ProviderNotFound(String),
    #[error("the event is not signed by {0}, or was signed too long ago")]
    InvalidSignature(&'static str),
    /// Payments could not take in an event of the simulator.
    #[error("payments could not take in the event; repeat the same call: {0}")]
    EventNotTakenIn(#[source] Box<Error>),
    #[error("the provider does not respond about payment {0}; repeat the same call")]
    ProviderUnavailable(PaymentId),
    #[error("the provider does not respond")]
    NoAnswer(#[from] NoAnswer),
    #[error("another operation of payment {0} is in progress; retry")]
    Busy(PaymentId),
    #[error("payment {payment} has only {capturable} left to capture")]
    CaptureExceeds { payment: PaymentId, capturable: i64 },
    #[error("payment {payment} has only {refundable} left to refund")]
    RefundExceeds { payment: PaymentId, refundable: i64 },
    #[error("refund {0} was created with other fields")]
    RefundDiffers(RefundId),
    #[error("capture {0} was created with other fields")]
    CaptureDiffers(CaptureId),
    #[error("{field}: {problem}")]
    Amount { field: &'static str, problem: String },
    #[error("payment_method: is not known to the payment provider")]
    UnknownMethod,
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error("the ledger does not respond; the operation will be completed later")]
    LedgerUnavailable(#[source] tonic::Status),
    #[error(
        "the ledger returned the result of another request; the operation will be completed later"
    )]
    LedgerUnanswered,
    #[error("the ledger refused a transfer of payment {payment}: {refusal}")]
    LedgerRefused { payment: PaymentId, refusal: String },
    #[error("the ledger returned an unexpected result: {0}")]
    LedgerUnexpected(String),
    #[error("the provider returned an unexpected result for {0}")]
    ProviderOutOfTurn(&'static str),
    /// Another replica has taken over the operation; the holder that notices reads it again.
    #[error("the lease of an operation of payment {0} is lost")]
    LeaseLost(PaymentId),
    /// The database contradicts itself.
    #[error("inconsistent data: {0}")]
    Inconsistent(String),
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Error::Database(error.into())
    }
}

impl Error {
    /// Returns the refusal of a field that has the right form and still cannot be used.
    pub fn field(field: &'static str, problem: impl ToString) -> Self {
        Error::Field(FieldError::new(field, problem))
    }

    /// Returns that the database contradicts itself, and how.
    pub fn inconsistent(problem: impl ToString) -> Self {
        Error::Inconsistent(problem.to_string())
    }
}

impl PublicError for Error {
    fn refusal(&self) -> Refusal {
        match self {
            Error::NotFound(id) => of(Reason::PaymentNotFound, id).resource("Payment", id),
            Error::Differs { payment, field } => {
                of(Reason::PaymentDiffers, payment).with("field", field)
            }
            Error::State { payment, state } => {
                of(Reason::PaymentState, payment).with("state", name_of(*state))
            }
            Error::Declined { payment, decline } if decline.code == DeclineCode::ActionExpired => {
                of(Reason::ActionExpired, payment)
            }
            Error::Declined { payment, decline } => {
                let refusal = of(Reason::PaymentDeclined, payment)
                    .with("decline", name_of_decline(decline.code))
                    .with("retryable", decline.is_retryable);
                if decline.detail.is_empty() {
                    refusal
                } else {
                    refusal.with("detail", &decline.detail)
                }
            }
            Error::OfOrder { payment, order, instead } => of_order(payment, order, instead),
            Error::OrderNotOfStaff { payment, order } => of_order(payment, order, instead::PLACE)
                .field("order_id", "must be empty from staff"),
            Error::ActionNotFound => SimulatorReason::ActionNotFound
                .refusal()
                .field("redirect_uri", "was not issued by the simulator"),
            Error::ActionClosed => SimulatorReason::ActionClosed.refusal(),
            Error::OperationNotFound => SimulatorReason::OperationNotFound.refusal(),
            Error::NotReversible => SimulatorReason::NotReversible.refusal(),
            Error::ProviderNotFound(name) => Reason::ProviderNotFound.with("provider", name),
            Error::InvalidSignature(name) => Reason::InvalidSignature.with("provider", name),
            Error::EventNotTakenIn(_) => Refusal::new(&common::UPSTREAM_UNAVAILABLE),
            Error::ProviderUnavailable(id) => of(Reason::ProviderUnavailable, id),
            Error::NoAnswer(_) => Reason::ProviderUnavailable.refusal(),
            Error::Busy(id) | Error::LeaseLost(id) => of(Reason::PaymentBusy, id),
            Error::CaptureExceeds { payment, capturable } => {
                of(Reason::CaptureExceedsAuthorized, payment).with("capturable", capturable)
            }
            Error::RefundExceeds { payment, refundable } => {
                of(Reason::RefundExceedsCaptured, payment).with("refundable", refundable)
            }
            Error::RefundDiffers(id) => Reason::RefundDiffers.with("refund_id", id),
            Error::CaptureDiffers(id) => Reason::CaptureDiffers.with("capture_id", id),
            Error::Amount { field, problem } => {
                Reason::InvalidAmount.refusal().field(*field, problem)
            }
            Error::UnknownMethod => Reason::UnknownPaymentMethod
                .refusal()
                .field("payment_method", "is not known to the payment provider"),
            Error::Field(error) => error.refusal(),
            Error::LedgerUnavailable(status) => {
                Refusal::new(&common::UPSTREAM_UNAVAILABLE).because_of(status)
            }
            Error::LedgerUnanswered => Refusal::new(&common::UPSTREAM_UNAVAILABLE),
            Error::LedgerRefused { .. } => Reason::LedgerRefused.refusal(),
            Error::LedgerUnexpected(_) | Error::ProviderOutOfTurn(_) | Error::Inconsistent(_) => {
                Refusal::internal()
            }
            Error::Database(error) => error.refusal(),
        }
    }
}

fn of(reason: Reason, payment: &PaymentId) -> Refusal {
    reason.with("payment_id", payment)
}

fn of_order(payment: &PaymentId, order: &OrderId, instead: &str) -> Refusal {
    of(Reason::PaymentOfOrder, payment).with("order_id", order).with("use", instead)
}

/// Returns the contract's name of the reason of a decline.
fn name_of_decline(code: DeclineCode) -> &'static str {
    WireDeclineCode::try_from(code as i32).unwrap_or_default().as_str_name()
}

/// Returns the contract's name of a state.
fn name_of(state: State) -> &'static str {
    PaymentState::try_from(state as i32).unwrap_or_default().as_str_name()
}
