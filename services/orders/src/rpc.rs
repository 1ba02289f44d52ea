//! The dependencies of the methods. Each method is in `rpc/<method>.rs`.

mod audit_orders;
mod cancel_order;
mod capture_order;
mod fulfill_order;
mod get_order;
mod list_order_history;
mod list_order_lines;
mod list_orders;
mod list_quarantined_orders;
mod place_order;
mod refund_order;
mod resume_order;
mod retry_payment;
mod settle_order;
mod watch_order;

use souk_chassis::Drain;
use souk_contract::Handlers;
use souk_data::Db;
use souk_types::Clock;

use crate::drive::Sagas;
use crate::error::Error;
use crate::numbers::Numbers;
use crate::watchers::Watchers;

/// What the methods work with.
pub struct OrderRpc {
    pub(crate) db: Db,
    pub(crate) sagas: Sagas,
    pub(crate) numbers: Numbers,
    pub(crate) watchers: Watchers,
    pub(crate) clock: Clock,
    pub(crate) drain: Drain,
}

impl Handlers for OrderRpc {
    type Error = Error;
}
