//! What can go wrong in payments: each variant has one gRPC code and one reason of the contract.

use souk_client::payments::v1::{ErrorReason, PaymentState};
use souk_client::policy::v1::ErrorReason as CommonReason;
use souk_contract::{PublicError, REASON_INVALID_FIELD};
use souk_types::{OrderId, PaymentId, RefundId};
use tonic::Code;
use tonic_types::ErrorDetails;

use crate::attempt::Decline;
use crate::payment::State;
use crate::provider::NoAnswer;

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
    #[error("payment {payment} was made with another {field}")]
    Differs { payment: PaymentId, field: &'static str },
    #[error("payment {payment} does not allow this while {state}")]
    State { payment: PaymentId, state: State },
    #[error("the provider declined payment {payment}: {}", decline.reason)]
    Declined { payment: PaymentId, decline: Decline },
    #[error("payment {payment} belongs to order {order}; use {instead}")]
    OfOrder { payment: PaymentId, order: OrderId, instead: &'static str },
    #[error("order_id: must be empty from staff, since only the orders service makes the payment of an order")]
    OrderNotOfStaff { payment: PaymentId, order: OrderId },
    #[error("the customer has not decided about payment {0} yet; it waits at its action_url")]
    ActionNotCompleted(PaymentId),
    #[error("payment {0} was taken back before the customer confirmed it; nothing was charged")]
    ActionExpired(PaymentId),
    #[error("action_url: is not one that the simulator gave out")]
    ActionNotFound,
    #[error("the provider does not answer about payment {0}; repeat the same call")]
    ProviderUnavailable(PaymentId),
    #[error("the provider does not answer")]
    NoAnswer(#[from] NoAnswer),
    #[error("another operation of payment {0} is under way; try again")]
    Busy(PaymentId),
    #[error("payment {payment} has only {capturable} left to capture")]
    CaptureExceeds { payment: PaymentId, capturable: i64 },
    #[error("payment {payment} has only {refundable} left to refund")]
    RefundExceeds { payment: PaymentId, refundable: i64 },
    #[error("refund {0} was made with other fields")]
    RefundDiffers(RefundId),
    #[error("request_id: was used before for another capture of payment {0}")]
    RequestIdReused(PaymentId),
    #[error("{field}: {problem}")]
    Amount { field: &'static str, problem: String },
    #[error("payment_method: is not a payment method that the provider knows")]
    UnknownMethod,
    #[error("{field}: {problem}")]
    Field { field: &'static str, problem: String },
    #[error("the ledger does not answer; the operation is finished later")]
    LedgerUnavailable(#[source] tonic::Status),
    #[error("the ledger answered something else than it was asked; the operation is finished later")]
    LedgerUnanswered,
    #[error("the ledger refused a transfer of payment {payment}: {refusal}")]
    LedgerRefused { payment: PaymentId, refusal: String },
    #[error("the ledger answered what it never should: {0}")]
    LedgerUnexpected(String),
    #[error("the provider answered something that is no answer to {0}")]
    ProviderOutOfTurn(&'static str),
    /// Somebody else has taken the operation over; whoever notices looks again.
    #[error("the lease of an operation of payment {0} is lost")]
    LeaseLost(PaymentId),
    #[error("the database holds {0}, which no version of this program writes")]
    Unreadable(&'static str),
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

impl Error {
    /// Returns the refusal of a field that has the right form and still means nothing.
    pub fn field(field: &'static str, problem: impl ToString) -> Self {
        Error::Field { field, problem: problem.to_string() }
    }
}

/// Returns the contract's name of a state.
fn state_name(state: State) -> &'static str {
    PaymentState::try_from(state as i32).unwrap_or_default().as_str_name()
}

impl PublicError for Error {
    fn code(&self) -> Code {
        match self {
            Error::NotFound(_) | Error::ActionNotFound => Code::NotFound,
            Error::OfOrder { .. }
            | Error::OrderNotOfStaff { .. }
            | Error::ActionNotCompleted(_)
            | Error::ActionExpired(_)
            | Error::Differs { .. }
            | Error::State { .. }
            | Error::Declined { .. }
            | Error::CaptureExceeds { .. }
            | Error::RefundExceeds { .. }
            | Error::RefundDiffers(_)
            | Error::RequestIdReused(_) => Code::FailedPrecondition,
            Error::ProviderUnavailable(_)
            | Error::NoAnswer(_)
            | Error::LedgerUnavailable(_)
            | Error::LedgerUnanswered => Code::Unavailable,
            Error::Busy(_) | Error::LeaseLost(_) => Code::Aborted,
            Error::Amount { .. } | Error::UnknownMethod | Error::Field { .. } => Code::InvalidArgument,
            Error::LedgerRefused { .. }
            | Error::LedgerUnexpected(_)
            | Error::ProviderOutOfTurn(_)
            | Error::Unreadable(_) => Code::Internal,
            Error::Database(error) => error.code(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Error::NotFound(_) => ErrorReason::PaymentNotFound,
            Error::Differs { .. } => ErrorReason::PaymentDiffers,
            Error::State { .. } => ErrorReason::PaymentState,
            Error::Declined { .. } => ErrorReason::PaymentDeclined,
            Error::OfOrder { .. } | Error::OrderNotOfStaff { .. } => ErrorReason::PaymentOfOrder,
            Error::ActionNotCompleted(_) => ErrorReason::ActionNotCompleted,
            Error::ActionExpired(_) => ErrorReason::ActionExpired,
            Error::ActionNotFound => ErrorReason::ActionNotFound,
            Error::ProviderUnavailable(_) | Error::NoAnswer(_) => ErrorReason::ProviderUnavailable,
            Error::Busy(_) | Error::LeaseLost(_) => ErrorReason::PaymentBusy,
            Error::CaptureExceeds { .. } => ErrorReason::CaptureExceedsAuthorized,
            Error::RefundExceeds { .. } => ErrorReason::RefundExceedsCaptured,
            Error::RefundDiffers(_) => ErrorReason::RefundDiffers,
            Error::RequestIdReused(_) => ErrorReason::RequestIdReused,
            Error::Amount { .. } => ErrorReason::InvalidAmount,
            Error::UnknownMethod => ErrorReason::UnknownPaymentMethod,
            Error::LedgerRefused { .. } => ErrorReason::LedgerRefused,
            Error::Field { .. } => return REASON_INVALID_FIELD,
            Error::LedgerUnavailable(_) | Error::LedgerUnanswered => {
                return CommonReason::UpstreamUnavailable.as_str_name();
            }
            Error::LedgerUnexpected(_) | Error::ProviderOutOfTurn(_) | Error::Unreadable(_) => {
                return CommonReason::Internal.as_str_name();
            }
            Error::Database(error) => return error.reason(),
        }
        .as_str_name()
    }

    fn domain(&self) -> &'static str {
        match self {
            Error::LedgerUnavailable(_)
            | Error::LedgerUnanswered
            | Error::LedgerUnexpected(_)
            | Error::ProviderOutOfTurn(_)
            | Error::Unreadable(_) => "souk.policy.v1",
            Error::Database(error) => error.domain(),
            _ => "souk.payments.v1",
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        match self {
            Error::NotFound(payment)
            | Error::ActionNotCompleted(payment)
            | Error::ActionExpired(payment)
            | Error::ProviderUnavailable(payment)
            | Error::Busy(payment)
            | Error::LeaseLost(payment)
            | Error::RequestIdReused(payment) => pairs.push(("payment_id", payment.to_string())),
            Error::Differs { payment, field } => {
                pairs.extend([("payment_id", payment.to_string()), ("field", (*field).to_owned())]);
            }
            Error::OfOrder { payment, order, instead } => {
                pairs.extend([("payment_id", payment.to_string()), ("order_id", order.to_string())]);
                pairs.push(("use", (*instead).to_owned()));
            }
            Error::OrderNotOfStaff { payment, order } => {
                pairs.extend([("payment_id", payment.to_string()), ("order_id", order.to_string())]);
                pairs.push(("use", instead::PLACE.to_owned()));
            }
            Error::State { payment, state } => {
                pairs.extend([("payment_id", payment.to_string()), ("state", state_name(*state).to_owned())]);
            }
            Error::Declined { payment, decline } => {
                pairs.extend([("payment_id", payment.to_string()), ("decline", decline.reason.clone())]);
                pairs.push(("retryable", decline.is_retryable.to_string()));
            }
            Error::CaptureExceeds { payment, capturable } => {
                pairs.extend([("payment_id", payment.to_string()), ("capturable", capturable.to_string())]);
            }
            Error::RefundExceeds { payment, refundable } => {
                pairs.extend([("payment_id", payment.to_string()), ("refundable", refundable.to_string())]);
            }
            Error::RefundDiffers(refund) => pairs.push(("refund_id", refund.to_string())),
            Error::Database(error) => return error.metadata(),
            _ => {}
        }
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    fn upstream(&self) -> Option<&tonic::Status> {
        match self {
            Error::LedgerUnavailable(status) => Some(status),
            _ => None,
        }
    }

    fn describe(&self, details: &mut ErrorDetails) {
        match self {
            Error::NotFound(payment) => {
                details.set_resource_info("souk.payments.v1.Payment", payment.to_string(), "", self.to_string());
            }
            Error::Amount { field, problem } | Error::Field { field, problem } => {
                details.add_bad_request_violation(*field, problem);
            }
            Error::OrderNotOfStaff { .. } => {
                details.add_bad_request_violation("order_id", "must be empty from staff");
            }
            Error::ActionNotFound => {
                details.add_bad_request_violation("action_url", "is not one that the simulator gave out");
            }
            Error::UnknownMethod => {
                details.add_bad_request_violation("payment_method", "is not a payment method that the provider knows");
            }
            Error::RequestIdReused(_) => {
                details.add_bad_request_violation("request_id", "was used before for another capture");
            }
            Error::Database(error) => error.describe(details),
            _ => {}
        }
    }
}
