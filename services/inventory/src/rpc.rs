//! The RPCs of inventory: the index. Each method is in `rpc/<method>.rs`.

mod adjust_stock;
mod batch_get_stock;
mod commit_reservation;
mod consume_reservation;
mod create_location;
mod create_reservation;
mod get_availability;
mod get_location;
mod get_reservation;
mod get_stock_policy;
mod list_locations;
mod list_movements;
mod list_reservations;
mod list_stock;
mod receive_stock;
mod release_reservation;
mod repair_stock;
mod return_stock;
mod update_location;
mod update_stock_policy;

use souk_contract::Handlers;
use souk_data::Db;
use souk_types::Clock;

use crate::error::Error;

/// What the methods work with.
#[derive(Clone)]
pub struct InventoryRpc {
    pub db: Db,
    pub clock: Clock,
}

impl Handlers for InventoryRpc {
    type Error = Error;
}
