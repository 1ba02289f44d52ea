//! All errors of a call: each variant is one reason of the contract with its metadata.

use souk_client::inventory::v1::{ErrorReason as Reason, ReservationState};
use souk_contract::{FieldError, PublicError, Reason as _, Refusal, common};
use souk_types::{OrderId, ReservationId};

use crate::state::State;
use crate::stock_key::{Shortage, StockKey};

/// Why the inventory service refused a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("location {0} does not exist")]
    LocationNotFound(String),
    #[error("location {0} exists with another title, address or priority")]
    LocationExists(String),
    #[error("stock {0} does not exist: it was never received")]
    StockNotFound(StockKey),
    #[error("out of stock: {}", names(.0))]
    OutOfStock(Vec<Shortage>),
    #[error("reservation {0} does not exist")]
    ReservationNotFound(ReservationId),
    #[error("reservation {id} cannot be {step}: it is {state}")]
    ReservationState { id: ReservationId, state: State, step: &'static str },
    #[error("reservation {id} belongs to {}; use {INSTEAD}", name_of(*order))]
    OfOrder { id: ReservationId, order: Option<OrderId> },
    #[error("reservation {0} was created with other lines")]
    ReservationDiffers(ReservationId),
    #[error(
        "stock {key} has {on_hand} on hand and {reserved} of them reserved, so it cannot change by {change}"
    )]
    StockWouldFallShort { key: StockKey, change: i64, on_hand: i64, reserved: i64 },
    #[error(
        "cannot return {requested} of {key}: only {returnable} were consumed and not returned before"
    )]
    ReturnExceedsConsumed { key: StockKey, requested: i64, returnable: i64 },
    #[error("stock {0} would have more than 1,000,000,000 units")]
    QuantityOverflow(StockKey),
    #[error("cannot take {requested} of {key} out of the reservation: it holds {held}")]
    ExceedsReserved { key: StockKey, requested: i64, held: i64 },
    #[error("stock {key} has {on_hand} on hand, so {requested} cannot leave: they are backordered")]
    StockNotOnHand { key: StockKey, requested: i64, on_hand: i64 },
    #[error("of stock {key} {backordered} are backordered, which is more than the policy allows")]
    UnitsBackordered { key: StockKey, backordered: i64 },
    #[error("the etag is stale; the current one is '{current}'")]
    EtagMismatch { current: String },
    #[error(transparent)]
    Field(#[from] FieldError),
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
}

impl PublicError for Error {
    fn refusal(&self) -> Refusal {
        match self {
            Error::LocationNotFound(id) => {
                Reason::LocationNotFound.with("location_id", id).resource("Location", id)
            }
            Error::LocationExists(id) => {
                Reason::LocationExists.with("location_id", id).resource("Location", id)
            }
            Error::StockNotFound(key) => {
                with_key(Reason::StockNotFound, key).resource("Stock", key.subject())
            }
            Error::OutOfStock(short) => out_of_stock(short),
            Error::ReservationNotFound(id) => {
                of_reservation(Reason::ReservationNotFound, id).resource("Reservation", id)
            }
            Error::ReservationState { id, state, .. } => {
                of_reservation(Reason::ReservationState, id)
                    .with("state", ReservationState::from(*state).as_str_name())
                    .precondition(id)
            }
            Error::OfOrder { id, order } => of_reservation(Reason::ReservationOfOrder, id)
                .with_some("order_id", *order)
                .with("use", INSTEAD)
                .precondition(id),
            Error::ReservationDiffers(id) => {
                of_reservation(Reason::ReservationDiffers, id).precondition(id)
            }
            Error::StockWouldFallShort { key, on_hand, reserved, .. } => {
                with_key(Reason::StockWouldFallShort, key)
                    .with("on_hand", on_hand)
                    .with("reserved", reserved)
                    .precondition(key.subject())
            }
            Error::ReturnExceedsConsumed { key, returnable, .. } => {
                with_key(Reason::ReturnExceedsConsumed, key)
                    .with("returnable", returnable)
                    .precondition(key.subject())
            }
            Error::QuantityOverflow(key) => {
                with_key(Reason::QuantityOverflow, key).field_at_fault("quantity")
            }
            Error::ExceedsReserved { key, held, .. } => with_key(Reason::ExceedsReserved, key)
                .with("held", held)
                .precondition(key.subject()),
            Error::StockNotOnHand { key, requested, on_hand } => {
                with_key(Reason::StockNotOnHand, key)
                    .with("requested", requested)
                    .with("on_hand", on_hand)
                    .precondition(key.subject())
            }
            Error::UnitsBackordered { key, backordered } => with_key(Reason::UnitsBackordered, key)
                .with("backordered", backordered)
                .precondition(key.subject()),
            Error::EtagMismatch { current } => {
                Refusal::new(&common::ETAG_MISMATCH).with("etag", current)
            }
            Error::Field(error) => error.refusal(),
            Error::Inconsistent(_) => Refusal::internal(),
            Error::Database(error) => error.refusal(),
        }
    }
}

fn of_reservation(reason: Reason, id: &ReservationId) -> Refusal {
    reason.with("reservation_id", id)
}

fn with_key(reason: Reason, key: &StockKey) -> Refusal {
    reason.with("sku", &key.sku).with("location_id", &key.location)
}

/// Lists each stock that is short, with the metadata of the first.
fn out_of_stock(short: &[Shortage]) -> Refusal {
    let Some(Shortage { key, requested, available }) = short.first() else {
        return Refusal::internal();
    };
    let refusal =
        with_key(Reason::OutOfStock, key).with("requested", requested).with("available", available);
    short.iter().take(TOLD).fold(refusal, |refusal, Shortage { key, requested, available }| {
        refusal.precondition_because(
            key.subject(),
            format!("requested {requested}, available {available}"),
        )
    })
}

/// The most stocks that an error lists: a status is sent in headers, which must stay small.
const TOLD: usize = 16;

/// The most stocks that the message of a refusal names.
const NAMED: usize = 3;

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
    use tonic::Code;
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
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            ("ERROR_REASON_OUT_OF_STOCK", "souk.inventory")
        );
        let facts =
            ["sku", "location_id", "requested", "available"].map(|key| info.metadata[key].as_str());
        assert_eq!(facts, ["sku-1", "main", "3", "2"]);

        let violations = status.get_details_precondition_failure().unwrap().violations;
        let told: Vec<_> = violations
            .iter()
            .map(|each| (each.subject.as_str(), each.description.as_str()))
            .collect();
        let expected = "requested 3, available 2";
        assert_eq!(told, [("sku-1@main", expected), ("sku-2@main", expected)]);
    }

    #[test]
    fn a_refusal_of_a_thousand_lines_still_fits_into_headers() {
        let status = status(&Error::OutOfStock((0..1000).map(short).collect()));
        assert_eq!(
            status.message(),
            "out of stock: sku-0@main, sku-1@main, sku-2@main and 997 more"
        );
        assert_eq!(status.get_details_precondition_failure().unwrap().violations.len(), TOLD);
        assert!(status.details().len() < 4096);
    }

    #[test]
    fn the_text_of_inconsistent_data_is_hidden() {
        let status = status(&Error::Inconsistent("stock mug@main".to_owned()));
        assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"));
    }
}
