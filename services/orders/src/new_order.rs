//! An order that is about to exist.

use souk_types::{Currency, Money, OrderId, Timestamp};

use crate::actor::Actor;
use crate::order::{Details, Order, Parts, RequestedLine};
use crate::request_key::RequestKey;
use crate::share::{NewShare, Share};
use crate::state::{Axes, CaptureMethod};

/// An order that is about to exist.
#[derive(Clone, Debug)]
pub struct NewOrder {
    pub id: OrderId,
    /// The number that people use; given before it is stored.
    pub number: i64,
    pub actor: Actor,
    pub customer: String,
    pub reference: String,
    pub channel: String,
    pub locale: String,
    pub details: Details,
    pub currency: Currency,
    pub requested_lines: Vec<RequestedLine>,
    pub payment_method: String,
    /// Several payment methods, the last of which pays the rest; empty when `payment_method` pays
    /// all.
    pub shares: Vec<NewShare>,
    pub capture: CaptureMethod,
    pub return_url: String,
    /// Until when a customer who has not paid yet is waited for.
    pub expire_time: Timestamp,
    pub expected_minor: Option<i64>,
    /// A line may name no price that is not for everyone.
    pub only_public_prices: bool,
    pub request: RequestKey,
    pub effective_time: Option<Timestamp>,
}

impl NewOrder {
    /// Returns the order as it begins: without lines, since their prices are not known yet.
    pub fn begin(&self, now: Timestamp) -> Order {
        Order {
            id: self.id,
            number: self.number,
            customer: self.customer.clone(),
            reference: self.reference.clone(),
            channel: self.channel.clone(),
            locale: self.locale.clone(),
            currency: self.currency,
            axes: Axes::NEW,
            capture: self.capture,
            lines: vec![],
            line_count: 0,
            total: None,
            parts: Parts::default(),
            refunded: Money::zero(self.currency),
            captured: 0,
            given_back: 0,
            reversed: 0,
            canceled: 0,
            refunds: vec![],
            payments: self.payments(),
            fulfillments: vec![],
            fulfillment_count: 0,
            cancellation: None,
            closure: None,
            decline: None,
            tries: 1,
            version: 1,
            is_quarantined: false,
            action: None,
            expire_time: self.expire_time,
            details: self.details.clone(),
            create_time: now,
            update_time: now,
            effective_time: self.effective_time.unwrap_or(now),
        }
    }

    fn payments(&self) -> Vec<Share> {
        let count = self.shares.len() as i64;
        let numbered = (1..).zip(&self.shares);
        numbered.map(|(number, new)| Share::new(self.id, number, count, new.minor)).collect()
    }
}
