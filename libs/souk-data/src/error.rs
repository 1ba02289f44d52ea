//! Everything that can go wrong with a database, sorted by what the caller can do about it.

use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Tells why a read or a write failed. Cheap to clone: one failed commit is reported to every write
/// it covered.
///
/// No message carries SQL or a value that was written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Other writes kept getting in the way; trying again at once may work.
    #[error("the write lost a race with others too often")]
    Conflict,
    /// The database cannot be reached or cannot work now. Whether the write happened may be
    /// unknown; repeating it by its `request_id` is safe.
    #[error("the database is unavailable: {0}")]
    Unavailable(Arc<str>),
    /// There is no room left. The write did not happen.
    #[error("the database is full: {0}")]
    Full(Arc<str>),
    /// The stored data is damaged.
    #[error("the database is corrupt: {0}")]
    Corrupt(Arc<str>),
    /// A row with this key is there already. Holds the constraint (PostgreSQL) or the columns
    /// (SQLite).
    #[error("a row with the same key exists: {0}")]
    UniqueViolation(Arc<str>),
    /// A CHECK, NOT NULL, foreign key or trigger of the schema refused the row.
    #[error("the schema refused a row: {0}")]
    ConstraintViolation(Arc<str>),
    /// The closure waited for something other than its own statements.
    #[error("a write waited for something other than its own statements")]
    Pending,
    /// The closure panicked; nothing it wrote was kept.
    #[error("a write panicked")]
    Panicked,
    /// The program is wrong: bad SQL, a wrong type, a transaction used after its end.
    #[error("wrong use of the database: {0}")]
    Bug(Arc<str>),
    /// The `request_id` was used before with another request.
    #[error("the request_id was used before with another request")]
    RequestIdReused(Arc<str>),
    /// The page token was not issued for this caller and this list.
    #[error("the page token is not valid for this caller and this list")]
    InvalidPageToken,
    /// The settings cannot work.
    #[error("bad database setting: {0}")]
    Config(Arc<str>),
    /// Another process, or another part of this one, has the file open.
    #[error("{0} is in use by another process; stop it first, or use another data directory")]
    InUse(Arc<str>),
    /// The database is not the one that was last here: it is gone, empty, older than it was, or
    /// another shop's. Says how to go on.
    #[error("{0}")]
    Lost(Arc<str>),
    /// The stored schema is not one this program can work with.
    #[error("schema {schema}: {problem}")]
    Schema { schema: Arc<str>, problem: Arc<str> },
}

impl Error {
    /// Returns whether a row with the same key exists already.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Error::UniqueViolation(_))
    }

    /// Returns a mistake of the program, with its description.
    pub fn bug(problem: impl Into<String>) -> Self {
        Error::Bug(problem.into().into())
    }

    pub(crate) fn unavailable(problem: impl Into<String>) -> Self {
        Error::Unavailable(problem.into().into())
    }
}

impl From<Error> for DbErr {
    /// Carries the error through sea-orm; `Error::from` finds it again.
    fn from(error: Error) -> Self {
        DbErr::Exec(RuntimeErr::SqlxError(Arc::new(sqlx::Error::AnyDriverError(Box::new(error)))))
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause))
            | DbErr::Conn(RuntimeErr::SqlxError(cause)) => crate::postgres::sort(cause),
            DbErr::ConnectionAcquire(_) => Error::unavailable("no connection became free in time"),
            DbErr::RecordNotInserted => Error::bug(
                "sea-orm inserted no row; use `on_conflict_do_nothing` with `do_nothing`",
            ),
            DbErr::RecordNotUpdated => Error::bug("sea-orm updated no row"),
            // What is left are sea-orm's own complaints about types and models, which name columns.
            DbErr::Type(text) | DbErr::Custom(text) | DbErr::AttrNotSet(text) => {
                Error::bug(without_value(text))
            }
            _ => Error::bug("sea-orm refused the statement"),
        }
    }
}

/// Leaves out the value that no variant of an enum stands for, with which sea-orm ends such a
/// complaint.
fn without_value(text: &str) -> &str {
    text.split_once(" enum: ").map_or(text, |(before, _)| before)
}
