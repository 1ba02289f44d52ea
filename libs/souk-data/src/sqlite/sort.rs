//! Sorts SQLite's failures. The text kept is SQLite's own message, which names tables and columns
//! but never values.

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::Error;

/// Returns what a failure of SQLite means for the caller.
pub(crate) fn sort(error: &rusqlite::Error) -> Error {
    let (failure, message) = match error {
        rusqlite::Error::SqliteFailure(failure, message) => (failure, message.as_deref()),
        rusqlite::Error::SqlInputError { error, msg, .. } => (error, Some(msg.as_str())),
        rusqlite::Error::ExecuteReturnedResults => {
            return Error::bug("a statement that returns rows was executed, not queried");
        }
        rusqlite::Error::MultipleStatement => {
            return Error::bug("one call carried several statements");
        }
        _ => return Error::bug("rusqlite refused the statement"),
    };
    let text = || -> String {
        match message {
            Some(message) => message.to_owned(),
            None => failure.to_string(),
        }
    };
    match failure.code {
        ErrorCode::ConstraintViolation => match failure.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID => {
                let text = text();
                Error::UniqueViolation(
                    text.strip_prefix("UNIQUE constraint failed: ").unwrap_or(&text).into(),
                )
            }
            _ => Error::ConstraintViolation(text().into()),
        },
        ErrorCode::DiskFull => Error::Full(text().into()),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Error::Corrupt(text().into()),
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::OutOfMemory
        | ErrorCode::OperationInterrupted
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::PermissionDenied
        | ErrorCode::ReadOnly
        | ErrorCode::NoLargeFileSupport => Error::Unavailable(text().into()),
        _ => Error::bug(text()),
    }
}
