//! How sea-orm stores these values: an id as its 16 bytes, a time as microseconds.

use sea_orm::sea_query::{ArrayType, ColumnType};
use sea_orm::{DbErr, TryGetError};

use crate::Timestamp;

/// Lets sea-orm store a type as another, which it knows:
/// `stored_as!(Timestamp, i64, to, from, column_type(), array_type())`, where `to` makes what is
/// stored, and `from` returns nothing where that is no such value.
#[doc(hidden)]
#[macro_export]
macro_rules! __stored_as {
    ($name:ty, $stored:ty, $to:expr, $from:expr, $column:expr, $array:expr) => {
        impl From<$name> for $crate::__orm::Value {
            fn from(value: $name) -> Self {
                let stored: $stored = $to(value);
                stored.into()
            }
        }

        impl $crate::__orm::TryGetable for $name {
            fn try_get_by<I: $crate::__orm::ColIdx>(
                row: &$crate::__orm::QueryResult,
                index: I,
            ) -> Result<Self, $crate::__orm::TryGetError> {
                let stored: $stored = $crate::__orm::TryGetable::try_get_by(row, index)?;
                $from(stored).ok_or_else(|| $crate::__orm::not_stored_as(stringify!($name)))
            }
        }

        impl $crate::__orm::ValueType for $name {
            fn try_from(value: $crate::__orm::Value) -> Result<Self, $crate::__orm::ValueTypeErr> {
                let stored = <$stored as $crate::__orm::ValueType>::try_from(value)?;
                $from(stored).ok_or($crate::__orm::ValueTypeErr)
            }

            fn type_name() -> String {
                stringify!($name).to_owned()
            }

            fn array_type() -> $crate::__orm::ArrayType {
                $array
            }

            fn column_type() -> $crate::__orm::ColumnType {
                $column
            }
        }

        impl $crate::__orm::Nullable for $name {
            fn null() -> $crate::__orm::Value {
                <$stored as $crate::__orm::Nullable>::null()
            }
        }

        impl $crate::__orm::IntoActiveValue<$name> for $name {
            fn into_active_value(self) -> $crate::__orm::ActiveValue<$name> {
                $crate::__orm::ActiveValue::Set(self)
            }
        }

        impl $crate::__orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, $crate::__orm::DbErr> {
                Err($crate::__orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    };
}

/// Lets sea-orm store an id.
#[doc(hidden)]
#[macro_export]
macro_rules! __id_stored {
    ($name:ident) => {
        $crate::__stored_as!(
            $name,
            Vec<u8>,
            $name::to_bytes,
            |bytes: Vec<u8>| $name::from_bytes(&bytes).ok(),
            $crate::__orm::id_column(),
            $crate::__orm::ArrayType::Bytes
        );
    };
}

crate::__stored_as!(
    Timestamp,
    i64,
    Timestamp::as_micros,
    |micros| Some(Timestamp::from_micros(micros)),
    ColumnType::BigInteger,
    ArrayType::BigInt
);

/// Returns the type of a column that holds an id.
pub fn id_column() -> ColumnType {
    ColumnType::VarBinary(sea_orm::sea_query::StringLen::None)
}

/// A column holds no value of this type. The error does not reveal what it holds.
pub fn not_stored_as(name: &str) -> TryGetError {
    TryGetError::DbErr(DbErr::Type(format!("a column does not hold a valid {name}")))
}
