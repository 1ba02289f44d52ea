//! Sorts PostgreSQL's failures by SQLSTATE. Detail lines are dropped, since they quote values.

use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgDatabaseError;

use crate::Error;

/// Returns what a failure of sqlx or PostgreSQL means for the caller.
pub(crate) fn sort(error: &sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => sort_answer(error),
            None => Error::bug("an answer of an unknown database"),
        },
        // Our own error on its way through sea-orm.
        sqlx::Error::AnyDriverError(error) => match error.downcast_ref::<Error>() {
            Some(error) => error.clone(),
            None => Error::bug("an error of an unknown driver"),
        },
        sqlx::Error::Io(error) => Error::unavailable(format!("connection lost: {error}")),
        sqlx::Error::Tls(_) => Error::unavailable("no TLS connection"),
        sqlx::Error::Protocol(_) => Error::unavailable("the connection is out of step"),
        sqlx::Error::PoolTimedOut => Error::unavailable("no connection became free in time"),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            Error::unavailable("the connections are closed")
        }
        sqlx::Error::Configuration(_) => {
            Error::Config("the PostgreSQL address cannot be understood".into())
        }
        sqlx::Error::ColumnDecode { index, .. } => {
            Error::bug(format!("column {index} has another type than asked for"))
        }
        sqlx::Error::ColumnNotFound(name) => Error::bug(format!("the answer has no column {name}")),
        _ => Error::bug("sqlx refused the statement"),
    }
}

fn sort_answer(error: &PgDatabaseError) -> Error {
    let code = error.code();
    let named = |what: &str| -> String {
        match (error.constraint(), error.table()) {
            (Some(constraint), _) => constraint.to_owned(),
            (None, Some(table)) => format!("{what} of {table}"),
            (None, None) => what.to_owned(),
        }
    };
    match code {
        "40001" | "40P01" | "55P03" => Error::Conflict,
        "23505" => Error::UniqueViolation(named("a key").into()),
        // What our own triggers raise is our own text.
        "P0001" => Error::ConstraintViolation(error.message().into()),
        "53100" => Error::Full("PostgreSQL has no disk space left (53100)".into()),
        "XX001" | "XX002" => {
            Error::Corrupt(format!("PostgreSQL reports damaged data ({code})").into())
        }
        "57014" => Error::unavailable("PostgreSQL cancelled the statement (57014)"),
        "55000" => {
            Error::unavailable("PostgreSQL takes no connections to this database now (55000)")
        }
        "25006" => Error::unavailable("this PostgreSQL server only reads (25006)"),
        "3D000" | "28000" | "28P01" => {
            Error::unavailable(format!("PostgreSQL refused the connection ({code})"))
        }
        _ => match &code[..2] {
            "23" => Error::ConstraintViolation(named("a constraint").into()),
            "08" | "53" | "57" | "58" => {
                Error::unavailable(format!("PostgreSQL cannot work now ({code})"))
            }
            // Syntax and names; the message names what the program wrote, not what a caller sent.
            "42" => Error::bug(format!("{} ({code})", error.message())),
            _ => Error::bug(format!("PostgreSQL error {code}")),
        },
    }
}
