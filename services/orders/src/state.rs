//! The states of an order, and how many refunds one may have.

use std::fmt;

use sea_orm::{DeriveActiveEnum, EnumIter};

/// The most refunds that an order may have, so that an order with all of them can be sent.
pub const MAX_REFUNDS: usize = 1000;

/// The state of an order. The numbers are those of the contract and of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum State {
    Pending = 1,
    Placed = 2,
    Paid = 3,
    Fulfilled = 4,
    Refunded = 5,
    Canceled = 6,
    Rejected = 7,
}

impl State {
    /// Returns whether no further change can follow. A fulfilled order may still be refunded, so it
    /// is not final.
    pub fn is_final(self) -> bool {
        matches!(self, State::Refunded | State::Canceled | State::Rejected)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Pending => "pending",
            State::Placed => "placed",
            State::Paid => "paid",
            State::Fulfilled => "fulfilled",
            State::Refunded => "refunded",
            State::Canceled => "canceled",
            State::Rejected => "rejected",
        })
    }
}
