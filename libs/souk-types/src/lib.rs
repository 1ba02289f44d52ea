//! Pure values that every service shares: money, ids, time, backoff. No I/O, no async, no business.

mod backoff;
mod id;
mod money;
mod time;

pub use backoff::Backoff;
pub use id::{
    AccountId, AttemptId, EventId, IdError, MovementId, OrderId, PaymentId, PriceId, ProductId, RefundId,
    ReservationId, TransferId, VariantId,
};
pub use money::{Currency, Money, MoneyError};
pub use time::{Clock, TimeError, Timestamp};

/// What the types that [`typed_ids!`] makes stand on.
#[doc(hidden)]
pub mod __id {
    pub use uuid::{Builder, Uuid};

    pub use crate::id::{decode, derived, encode};
}
