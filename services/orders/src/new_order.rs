//! An order that is about to exist.

use souk_types::{Currency, Money, OrderId, Timestamp};

use crate::order::{Order, RequestedLine};
use crate::request_key::RequestKey;
use crate::state::State;

/// An order that is about to exist.
#[derive(Clone, Debug)]
pub struct NewOrder {
    pub id: OrderId,
    pub customer: String,
    pub reference: String,
    pub currency: Currency,
    pub requested_lines: Vec<RequestedLine>,
    pub payment_method: String,
    pub expected_minor: Option<i64>,
    pub request: RequestKey,
    pub effective_time: Option<Timestamp>,
}

impl NewOrder {
    /// Returns the order as it begins: without lines, since their prices are not known yet.
    pub fn begin(&self, now: Timestamp) -> Order {
        Order {
            id: self.id,
            customer: self.customer.clone(),
            reference: self.reference.clone(),
            currency: self.currency,
            state: State::Pending,
            lines: vec![],
            line_count: 0,
            total: None,
            refunded: Money::zero(self.currency),
            refunds: vec![],
            reason: None,
            version: 1,
            is_quarantined: false,
            action_url: None,
            create_time: now,
            update_time: now,
            effective_time: self.effective_time.unwrap_or(now),
        }
    }
}
