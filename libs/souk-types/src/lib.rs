//! Pure values that every service shares: money, ids, time, backoff. No I/O, no async, no business
//! logic.

mod backoff;
#[cfg(feature = "sea-orm")]
#[macro_use]
mod orm;
#[macro_use]
mod id;
mod money;
mod time;

pub use backoff::Backoff;
pub use id::{
    AccountId, AttemptId, CancellationId, CaptureId, CustomerId, EventId, FulfillmentId, IdError,
    MovementId, OperationId, OrderId, PaymentId, PriceId, ProductId, RefundId, ReservationId,
    TransferId, VariantId,
};
pub use money::{Currency, Money, MoneyError};
pub use time::{Clock, TimeError, Timestamp};

/// What the types of [`typed_ids!`] build on.
#[doc(hidden)]
pub mod __id {
    pub use uuid::{Builder, Uuid};

    pub use crate::id::{decode, derived, encode};
}

/// What the types of ids need where they are stored.
#[cfg(feature = "sea-orm")]
#[doc(hidden)]
pub mod __orm {
    pub use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
    pub use sea_orm::{
        ActiveValue, ColIdx, DbErr, IntoActiveValue, QueryResult, TryFromU64, TryGetError,
        TryGetable, Value,
    };

    pub use crate::orm::{id_column, not_stored_as};
}

/// Without a database nothing is stored.
#[cfg(not(feature = "sea-orm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __id_stored {
    ($name:ident) => {};
}
