//! Everything that can go wrong with a call: each variant has one gRPC code and one reason of the contract.

use std::fmt;

use souk_client::inventory::v1::{ErrorReason, ReservationState};
use souk_contract::{PublicError, REASON_INVALID_FIELD};
use souk_types::{OrderId, ReservationId};
use tonic::Code;
use tonic_types::ErrorDetails;

use crate::reservation::State;
use crate::stock::{Shortage, StockKey};

/// Why the inventory service refused a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("location {0} does not exist")]
    LocationNotFound(String),
    #[error("location {0} exists with another title")]
    LocationExists(String),
    #[error("stock {0} was never received")]
    StockNotFound(StockKey),
    #[error("out of stock: {}", names(.0))]
    OutOfStock(Vec<Shortage>),
    #[error("reservation {0} does not exist")]
    ReservationNotFound(ReservationId),
    #[error("reservation {id} cannot be {step}: it is {state}")]
    ReservationState { id: ReservationId, state: State, step: &'static str },
    #[error("reservation {id} belongs to {}; use {INSTEAD}", name_of(*order))]
    OfOrder { id: ReservationId, order: Option<OrderId> },
    #[error("reservation {0} was made with other lines")]
    ReservationDiffers(ReservationId),
    #[error("stock {key} has {on_hand} on hand and {reserved} of them reserved, so it cannot change by {change}")]
    StockWouldFallShort { key: StockKey, change: i64, on_hand: i64, reserved: i64 },
    #[error("{requested} of {key} cannot be returned: {returnable} were consumed and not returned before")]
    ReturnExceedsConsumed { key: StockKey, requested: i64, returnable: i64 },
    #[error("stock {0} would leave the range of 64 bits")]
    QuantityOverflow(StockKey),
    #[error("{field} {problem}")]
    Field { field: &'static str, problem: String },
    /// The database contradicts itself; the audit would find it too.
    #[error("inconsistent data: {0}")]
    Inconsistent(String),
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

/// The method of orders that ends an order and gives its stock back.
const INSTEAD: &str = "souk.orders.v1.OrderService.CancelOrder";

fn name_of(order: Option<OrderId>) -> String {
    order.map_or_else(|| "an order".to_owned(), |order| format!("order {order}"))
}

const DOMAIN: &str = "souk.inventory.v1";

impl Error {
    /// Returns the refusal of a field that has the right form and still cannot be used.
    pub fn field(field: &'static str, problem: impl ToString) -> Self {
        Error::Field { field, problem: problem.to_string() }
    }
}

impl PublicError for Error {
    fn code(&self) -> Code {
        match self {
            Error::LocationNotFound(_) | Error::StockNotFound(_) | Error::ReservationNotFound(_) => Code::NotFound,
            Error::LocationExists(_) => Code::AlreadyExists,
            Error::OutOfStock(_)
            | Error::ReservationState { .. }
            | Error::OfOrder { .. }
            | Error::ReservationDiffers(_)
            | Error::StockWouldFallShort { .. }
            | Error::ReturnExceedsConsumed { .. } => Code::FailedPrecondition,
            Error::QuantityOverflow(_) | Error::Field { .. } => Code::InvalidArgument,
            Error::Inconsistent(_) => Code::Internal,
            Error::Database(error) => error.code(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Error::LocationNotFound(_) => ErrorReason::LocationNotFound.as_str_name(),
            Error::LocationExists(_) => ErrorReason::LocationExists.as_str_name(),
            Error::StockNotFound(_) => ErrorReason::StockNotFound.as_str_name(),
            Error::OutOfStock(_) => ErrorReason::OutOfStock.as_str_name(),
            Error::ReservationNotFound(_) => ErrorReason::ReservationNotFound.as_str_name(),
            Error::ReservationState { .. } => ErrorReason::ReservationState.as_str_name(),
            Error::OfOrder { .. } => ErrorReason::ReservationOfOrder.as_str_name(),
            Error::ReservationDiffers(_) => ErrorReason::ReservationDiffers.as_str_name(),
            Error::StockWouldFallShort { .. } => ErrorReason::StockWouldFallShort.as_str_name(),
            Error::ReturnExceedsConsumed { .. } => ErrorReason::ReturnExceedsConsumed.as_str_name(),
            Error::QuantityOverflow(_) => ErrorReason::QuantityOverflow.as_str_name(),
            Error::Field { .. } => REASON_INVALID_FIELD,
            Error::Inconsistent(_) => souk_client::policy::v1::ErrorReason::Internal.as_str_name(),
            Error::Database(error) => error.reason(),
        }
    }

    fn domain(&self) -> &'static str {
        match self {
            Error::Inconsistent(_) => "souk.policy.v1",
            Error::Database(error) => error.domain(),
            _ => DOMAIN,
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        let with = |mut metadata: Vec<(String, String)>, more: &[(&str, i64)]| {
            metadata.extend(more.iter().map(|(key, value)| ((*key).to_owned(), value.to_string())));
            metadata
        };
        match self {
            Error::LocationNotFound(id) | Error::LocationExists(id) => vec![("location_id".to_owned(), id.clone())],
            Error::StockNotFound(key) | Error::QuantityOverflow(key) => metadata_of(key),
            Error::OutOfStock(short) => match short.first() {
                Some(Shortage { key, requested, available }) => {
                    with(metadata_of(key), &[("requested", *requested), ("available", *available)])
                }
                None => Vec::new(),
            },
            Error::ReservationNotFound(id) | Error::ReservationDiffers(id) => {
                vec![("reservation_id".to_owned(), id.to_string())]
            }
            Error::OfOrder { id, order } => {
                let order = order.map(|order| ("order_id".to_owned(), order.to_string()));
                let mut metadata = vec![("reservation_id".to_owned(), id.to_string())];
                metadata.extend(order);
                metadata.push(("use".to_owned(), INSTEAD.to_owned()));
                metadata
            }
            Error::ReservationState { id, state, .. } => vec![
                ("reservation_id".to_owned(), id.to_string()),
                ("state".to_owned(), ReservationState::from(*state).as_str_name().to_owned()),
            ],
            Error::StockWouldFallShort { key, on_hand, reserved, .. } => {
                with(metadata_of(key), &[("on_hand", *on_hand), ("reserved", *reserved)])
            }
            Error::ReturnExceedsConsumed { key, returnable, .. } => {
                with(metadata_of(key), &[("returnable", *returnable)])
            }
            Error::Field { .. } | Error::Inconsistent(_) => Vec::new(),
            Error::Database(error) => error.metadata(),
        }
    }

    fn describe(&self, details: &mut ErrorDetails) {
        match self {
            Error::LocationNotFound(id) | Error::LocationExists(id) => resource(details, "Location", id, self),
            Error::StockNotFound(key) => resource(details, "Stock", key, self),
            Error::ReservationNotFound(id) => resource(details, "Reservation", id, self),
            Error::OutOfStock(short) => {
                for short in short.iter().take(TOLD) {
                    let Shortage { key, requested, available } = short;
                    let description = format!("requested {requested}, available {available}");
                    details.add_precondition_failure_violation("OUT_OF_STOCK", key.to_string(), description);
                }
            }
            Error::ReservationState { id, .. } => precondition(details, "RESERVATION_STATE", id, self),
            Error::OfOrder { id, .. } => precondition(details, "RESERVATION_OF_ORDER", id, self),
            Error::ReservationDiffers(id) => precondition(details, "RESERVATION_DIFFERS", id, self),
            Error::StockWouldFallShort { key, .. } => precondition(details, "STOCK_WOULD_FALL_SHORT", key, self),
            Error::ReturnExceedsConsumed { key, .. } => precondition(details, "RETURN_EXCEEDS_CONSUMED", key, self),
            Error::QuantityOverflow(_) => {
                details.add_bad_request_violation("quantity", self.to_string());
            }
            Error::Field { field, problem } => {
                details.add_bad_request_violation(*field, problem);
            }
            Error::Inconsistent(_) => {}
            Error::Database(error) => error.describe(details),
        }
    }
}

/// The most stocks that a refusal tells one by one: a status travels in headers, which must stay small.
const TOLD: usize = 16;

/// The most stocks that the message of a refusal names.
const NAMED: usize = 3;

fn resource(details: &mut ErrorDetails, kind: &str, name: &impl fmt::Display, error: &Error) {
    details.set_resource_info(format!("{DOMAIN}.{kind}"), name.to_string(), "", error.to_string());
}

fn precondition(details: &mut ErrorDetails, kind: &str, subject: &impl fmt::Display, error: &Error) {
    details.add_precondition_failure_violation(kind, subject.to_string(), error.to_string());
}

fn metadata_of(key: &StockKey) -> Vec<(String, String)> {
    vec![("sku".to_owned(), key.sku.clone()), ("location_id".to_owned(), key.location.clone())]
}

fn names(short: &[Shortage]) -> String {
    let names: Vec<String> = short.iter().take(NAMED).map(|short| short.key.to_string()).collect();
    match short.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use souk_contract::status;
    use tonic_types::StatusExt;

    use super::*;

    fn short(number: usize) -> Shortage {
        let key = StockKey { sku: format!("sku-{number}"), location: "main".to_owned() };
        Shortage { key, requested: 3, available: 2 }
    }

    #[test]
    fn a_refusal_for_want_of_stock_tells_each_one_and_the_facts_of_the_first() {
        let status = status(&Error::OutOfStock(vec![short(1), short(2)]));
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(status.message(), "out of stock: sku-1@main, sku-2@main");

        let info = status.get_details_error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("ERROR_REASON_OUT_OF_STOCK", DOMAIN));
        let facts = ["sku", "location_id", "requested", "available"].map(|key| info.metadata[key].as_str());
        assert_eq!(facts, ["sku-1", "main", "3", "2"]);

        let violations = status.get_details_precondition_failure().unwrap().violations;
        let told: Vec<_> = violations.iter().map(|each| (each.subject.as_str(), each.description.as_str())).collect();
        let expected = "requested 3, available 2";
        assert_eq!(told, [("sku-1@main", expected), ("sku-2@main", expected)]);
    }

    #[test]
    fn a_refusal_of_a_thousand_lines_still_fits_into_headers() {
        let status = status(&Error::OutOfStock((0..1000).map(short).collect()));
        assert_eq!(status.message(), "out of stock: sku-0@main, sku-1@main, sku-2@main and 997 more");
        assert_eq!(status.get_details_precondition_failure().unwrap().violations.len(), TOLD);
        assert!(status.details().len() < 4096);
    }

    #[test]
    fn the_text_of_inconsistent_data_is_hidden() {
        let status = status(&Error::Inconsistent("stock mug@main".to_owned()));
        assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"));
    }
}
