//! What one of the payments of an order is. The rules are in `split.rs`.

use souk_types::{OrderId, PaymentId};

/// One of the payments of an order, and how much of the order it pays. Amounts are in minor units.
///
/// **Invariant:** 0 ≤ paid back ≤ captured ≤ amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Counts the payments of an order from 1; the last one pays the rest.
    pub number: i64,
    pub id: PaymentId,
    /// How much it is to pay; 0 in the one that pays the rest until the prices are frozen.
    pub amount: i64,
    pub is_authorized: bool,
    pub captured: i64,
    /// How much of it went back, by refunds and by cancellations.
    pub paid_back: i64,
    /// How much the provider took back of it after it was captured; never less than before.
    pub reversed: i64,
    /// How many payment methods were tried for it, from 1.
    pub tries: i64,
}

/// An amount that moves by one payment, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub share: Share,
    pub minor: i64,
}

/// A payment method that is to pay a part of a new order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewShare {
    pub payment_method: String,
    /// None for the one that pays the rest.
    pub minor: Option<i64>,
}

impl Share {
    /// Returns the payment with this number of the `count` payments of a new order.
    pub fn new(order: OrderId, number: i64, count: i64, minor: Option<i64>) -> Self {
        Share {
            number,
            id: id_of(order, number, count),
            amount: minor.unwrap_or(0),
            is_authorized: false,
            captured: 0,
            paid_back: 0,
            reversed: 0,
            tries: 1,
        }
    }

    /// Returns how much of it is not captured.
    pub fn left(&self) -> i64 {
        self.amount - self.captured
    }

    /// Returns how much of it can go back.
    pub fn refundable(&self) -> i64 {
        self.captured - self.paid_back
    }
}

/// Names a payment of an order; a repeat of any step arrives at the same one. The payment of the
/// rest has the id that the only payment of an order has.
pub fn id_of(order: OrderId, number: i64, count: i64) -> PaymentId {
    PaymentId::of_step(order.as_uuid(), &step_of(number, count).unwrap_or("payment".to_owned()))
}

/// Returns what sets the ids of a payment apart from those of the payment of the rest, and none for
/// that one.
pub fn step_of(number: i64, count: i64) -> Option<String> {
    (number < count).then(|| format!("payment:{number}"))
}
