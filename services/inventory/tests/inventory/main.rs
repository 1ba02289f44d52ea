//! The inventory service over real gRPC, on both engines. `rpc/<method>.rs` holds what one method
//! promises; the others, what must hold whatever is called in whatever order.

mod support;

mod rpc {
    mod adjust_stock;
    mod batch_get_stock;
    mod check_invariants;
    mod commit_reservation;
    mod consume_reservation;
    mod create_location;
    mod create_reservation;
    mod get_availability;
    mod get_reservation;
    mod list_locations;
    mod list_movements;
    mod list_reservations;
    mod list_stock;
    mod receive_stock;
    mod release_reservation;
    mod return_stock;
    mod update_location;
    mod update_stock_policy;
}

mod access;
mod events;
mod expiry;
mod races;
mod retention;
mod schema;
mod walk;
