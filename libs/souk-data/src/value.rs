//! What goes into and comes out of a statement: i64, text or bytes, each of them optional, and
//! nothing else.

use std::sync::Arc;

use souk_types::Timestamp;

use crate::Error;

/// A value bound to a statement. `None` is NULL of that type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg<'a> {
    /// For INTEGER and bigint.
    Integer(Option<i64>),
    /// For TEXT. PostgreSQL stores no NUL character.
    Text(Option<&'a str>),
    /// For BLOB and bytea.
    Bytes(Option<&'a [u8]>),
}

/// What can be bound to a statement: i64 (and narrower integers, and bool as 0 or 1), text, bytes,
/// ids (16 bytes), times (microseconds), and `Option` of each.
pub trait ToArg {
    /// What NULL looks like.
    const NULL: Arg<'static>;

    /// Returns the value as it is bound.
    fn to_arg(&self) -> Arg<'_>;
}

/// Binds values in the order of `$1`, `$2`, …: `args![order.id, "text", 5]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::ToArg::to_arg(&$value)),*] };
}

impl<T: ToArg + ?Sized> ToArg for &T {
    const NULL: Arg<'static> = T::NULL;

    fn to_arg(&self) -> Arg<'_> {
        (**self).to_arg()
    }
}

impl<T: ToArg> ToArg for Option<T> {
    const NULL: Arg<'static> = T::NULL;

    fn to_arg(&self) -> Arg<'_> {
        self.as_ref().map_or(T::NULL, ToArg::to_arg)
    }
}

impl ToArg for Arg<'_> {
    const NULL: Arg<'static> = Arg::Bytes(None);

    fn to_arg(&self) -> Arg<'_> {
        *self
    }
}

impl ToArg for Timestamp {
    const NULL: Arg<'static> = Arg::Integer(None);

    fn to_arg(&self) -> Arg<'_> {
        Arg::Integer(Some(self.as_micros()))
    }
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl ToArg for $type {
            const NULL: Arg<'static> = Arg::Integer(None);

            fn to_arg(&self) -> Arg<'_> {
                Arg::Integer(Some(i64::from(*self)))
            }
        }
    )*};
}
integers!(i64, i32, i16, u32, u16, u8, bool);

macro_rules! texts {
    ($($type:ty),*) => {$(
        impl ToArg for $type {
            const NULL: Arg<'static> = Arg::Text(None);

            fn to_arg(&self) -> Arg<'_> {
                Arg::Text(Some(self))
            }
        }
    )*};
}
texts!(str, String, Arc<str>);

impl ToArg for [u8] {
    const NULL: Arg<'static> = Arg::Bytes(None);

    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(Some(self))
    }
}

impl ToArg for Vec<u8> {
    const NULL: Arg<'static> = Arg::Bytes(None);

    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(Some(self))
    }
}

impl<const N: usize> ToArg for [u8; N] {
    const NULL: Arg<'static> = Arg::Bytes(None);

    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(Some(self))
    }
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// NULL of any type.
    Null,
    /// An integer, of any width it was stored in.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Cell {
    fn kind(&self) -> &'static str {
        match self {
            Cell::Null => "NULL",
            Cell::Integer(_) => "an integer",
            Cell::Text(_) => "text",
            Cell::Bytes(_) => "bytes",
        }
    }
}

/// One row of an answer; its columns are read by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub(crate) columns: Arc<[Box<str>]>,
    pub(crate) cells: Vec<Cell>,
}

impl Row {
    /// Returns the value of a column. A missing column, a wrong type and a NULL where `T` is not an
    /// `Option` are errors.
    pub fn get<T: FromCell>(&self, column: &str) -> Result<T, Error> {
        let cell = self.cell(column)?;
        T::from_cell(cell).ok_or_else(|| {
            Error::bug(format!("column {column} holds {}, not {}", cell.kind(), T::EXPECTED))
        })
    }

    /// Returns the names of the columns in the order of the statement.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|name| &**name)
    }

    /// Returns the value of a column as it was stored.
    pub fn cell(&self, column: &str) -> Result<&Cell, Error> {
        let index = self.columns.iter().position(|name| **name == *column);
        let index =
            index.ok_or_else(|| Error::bug(format!("the answer has no column {column}")))?;
        Ok(&self.cells[index])
    }
}

/// What a column can be read as: i64, bool (0 or 1), String, `Vec<u8>`, ids, times, and `Option` of
/// each.
pub trait FromCell: Sized {
    /// What is expected, for the message of a failure.
    const EXPECTED: &'static str;

    /// Returns the value, or nothing when the cell holds something else.
    fn from_cell(cell: &Cell) -> Option<Self>;
}

impl<T: FromCell> FromCell for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

impl FromCell for i64 {
    const EXPECTED: &'static str = "an integer";

    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Integer(value) => Some(*value),
            _ => None,
        }
    }
}

impl FromCell for bool {
    const EXPECTED: &'static str = "0 or 1";

    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Integer(0) => Some(false),
            Cell::Integer(1) => Some(true),
            _ => None,
        }
    }
}

macro_rules! narrow_integers {
    ($($type:ty),*) => {$(
        impl FromCell for $type {
            const EXPECTED: &'static str = concat!("an integer of the range of ", stringify!($type));

            fn from_cell(cell: &Cell) -> Option<Self> {
                i64::from_cell(cell)?.try_into().ok()
            }
        }
    )*};
}
narrow_integers!(i32, u32);

impl FromCell for String {
    const EXPECTED: &'static str = "text";

    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Text(value) => Some(value.clone()),
            _ => None,
        }
    }
}

impl FromCell for Vec<u8> {
    const EXPECTED: &'static str = "bytes";

    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Bytes(value) => Some(value.clone()),
            _ => None,
        }
    }
}

impl FromCell for Timestamp {
    const EXPECTED: &'static str = "microseconds";

    fn from_cell(cell: &Cell) -> Option<Self> {
        i64::from_cell(cell).map(Timestamp::from_micros)
    }
}

macro_rules! ids {
    ($($type:ident),*) => {$(
        impl ToArg for souk_types::$type {
            const NULL: Arg<'static> = Arg::Bytes(None);

            fn to_arg(&self) -> Arg<'_> {
                Arg::Bytes(Some(self.as_bytes()))
            }
        }

        impl FromCell for souk_types::$type {
            const EXPECTED: &'static str = "16 bytes";

            fn from_cell(cell: &Cell) -> Option<Self> {
                match cell {
                    Cell::Bytes(bytes) => Self::from_bytes(bytes).ok(),
                    _ => None,
                }
            }
        }
    )*};
}
ids!(
    AccountId,
    AttemptId,
    CancellationId,
    EventId,
    FulfillmentId,
    MovementId,
    OrderId,
    PaymentId,
    PriceId,
    ProductId,
    RefundId,
    ReservationId,
    TransferId,
    VariantId
);

/// Takes sea-orm's values; anything but integers, text and bytes is refused.
pub(crate) fn arg_of(value: &sea_orm::Value) -> Result<Arg<'_>, Error> {
    use sea_orm::Value;
    Ok(match value {
        Value::BigInt(value) => Arg::Integer(*value),
        Value::String(value) => Arg::Text(value.as_deref()),
        Value::Bytes(value) => Arg::Bytes(value.as_deref()),
        // Literals of sea-query: LIMIT and OFFSET are u64, `Expr::val(1)` is i32.
        Value::Int(value) => Arg::Integer(value.map(i64::from)),
        Value::Unsigned(value) => Arg::Integer(value.map(i64::from)),
        Value::BigUnsigned(Some(value)) => Arg::Integer(Some(
            i64::try_from(*value).map_err(|_| Error::bug("an unsigned value above i64::MAX"))?,
        )),
        _ => {
            return Err(Error::bug(
                "only i64, String and Vec<u8> are stored; another type was bound",
            ));
        }
    })
}

/// Refuses an answer in which two columns have one name, since columns are read by name.
pub(crate) fn unique_names<'a>(
    names: impl Iterator<Item = &'a str>,
) -> Result<Arc<[Box<str>]>, Error> {
    let names: Vec<Box<str>> = names.map(Box::from).collect();
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            return Err(Error::bug(format!("two columns of one answer are called {name}")));
        }
    }
    Ok(names.into())
}
