//! Everything that can go wrong with a call. An error in one element of a batch is a status in its
//! result.

use souk_client::ledger::v1::ErrorReason as Reason;
use souk_contract::{FieldError, PublicError, Reason as _, Refusal};
use souk_types::AccountId;

use crate::ledger::Ledger;

/// Why the ledger service refused a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("account {0} does not exist")]
    AccountNotFound(AccountId),
    #[error("ledger {0} does not exist")]
    LedgerNotFound(u32),
    #[error("ledger {} exists, {}", .0.number, currency(.0))]
    LedgerExists(Ledger),
    #[error(
        "more than {most} transfers of account {account} were recorded since then; \
         ask with TIME_AXIS_RECORDED"
    )]
    TooFarBack { account: AccountId, most: usize },
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Error::Database(error.into())
    }
}

impl Error {
    /// Returns the refusal of a field that has the right form and still means nothing.
    pub fn field(field: impl Into<String>, problem: impl ToString) -> Self {
        Error::Field(FieldError::new(field, problem))
    }

    /// Returns the refusal of a look-up whose answer a plain client could not read.
    pub fn too_large(field: &str, fitting: usize) -> Self {
        Error::field(
            field,
            format!("would return more than 3 MiB; request at most {fitting} of them at once"),
        )
    }
}

fn currency(ledger: &Ledger) -> String {
    match ledger.currency {
        Some(currency) => format!("in {currency}"),
        None => "without a currency".into(),
    }
}

impl PublicError for Error {
    fn refusal(&self) -> Refusal {
        match self {
            Error::AccountNotFound(id) => {
                Reason::AccountNotFound.with("account_id", id).resource("Account", id)
            }
            Error::LedgerNotFound(number) => {
                Reason::LedgerNotFound.with("ledger", number).resource("Ledger", number)
            }
            Error::LedgerExists(ledger) => Reason::LedgerExists
                .with("ledger", ledger.number)
                .with("currency_code", ledger.currency_code())
                .resource("Ledger", ledger.number),
            Error::TooFarBack { account, most } => {
                Reason::TooFarBack.with("account_id", account).with("most", most)
            }
            Error::Field(error) => error.refusal(),
            Error::Database(error) => error.refusal(),
        }
    }
}
