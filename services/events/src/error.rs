//! Everything that can go wrong with a call: each variant has one gRPC code and one reason of the contract.

use souk_client::events::v1::ErrorReason;
use souk_contract::{PublicError, REASON_INVALID_FIELD};
use tonic::Code;
use tonic_types::ErrorDetails;

use crate::log::LogError;

/// Why the events service refused a call.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    #[error("subscription {0} does not exist")]
    SubscriptionNotFound(String),
    #[error("subscription {0} exists with other settings or of another owner")]
    SubscriptionExists(String),
    #[error("the subscription is called {name}, and the caller's are called {allowed}")]
    SubscriptionName { field: &'static str, name: String, allowed: String },
    #[error("the stream broke its protocol: {0}")]
    StreamProtocol(&'static str),
    #[error("partition {partition} does not exist; there are {partitions}")]
    NoSuchPartition { field: &'static str, partition: i32, partitions: u32 },
    #[error("dead letter {0} does not exist")]
    DeadLetterNotFound(String),
    #[error("subscription {0} was deleted or set to another place")]
    SubscriptionChanged(String),
    #[error("{field} {problem}")]
    Field { field: String, problem: String },
    #[error("the log cannot be reached: {0}")]
    LogUnavailable(String),
    /// The database contradicts itself; the audit would find it too.
    #[error("inconsistent data: {0}")]
    Inconsistent(String),
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

const DOMAIN: &str = "souk.events.v1";

impl Error {
    /// Returns the refusal of a field that has the right form and still cannot be used.
    pub fn field(field: impl ToString, problem: impl ToString) -> Self {
        Error::Field { field: field.to_string(), problem: problem.to_string() }
    }
}

impl From<LogError> for Error {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(problem) => Error::LogUnavailable(problem),
            LogError::Database(error) => Error::Database(error),
            LogError::Corrupt(problem) => Error::Inconsistent(problem),
        }
    }
}

impl PublicError for Error {
    fn code(&self) -> Code {
        match self {
            Error::SubscriptionNotFound(_) | Error::DeadLetterNotFound(_) => Code::NotFound,
            Error::SubscriptionExists(_) => Code::AlreadyExists,
            Error::StreamProtocol(_)
            | Error::NoSuchPartition { .. }
            | Error::SubscriptionName { .. }
            | Error::Field { .. } => Code::InvalidArgument,
            Error::SubscriptionChanged(_) => Code::Aborted,
            Error::LogUnavailable(_) => Code::Unavailable,
            Error::Inconsistent(_) => Code::Internal,
            Error::Database(error) => error.code(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Error::SubscriptionNotFound(_) => ErrorReason::SubscriptionNotFound.as_str_name(),
            Error::SubscriptionExists(_) => ErrorReason::SubscriptionExists.as_str_name(),
            Error::SubscriptionName { .. } => ErrorReason::SubscriptionName.as_str_name(),
            Error::StreamProtocol(_) => ErrorReason::StreamProtocol.as_str_name(),
            Error::NoSuchPartition { .. } => ErrorReason::NoSuchPartition.as_str_name(),
            Error::DeadLetterNotFound(_) => ErrorReason::DeadLetterNotFound.as_str_name(),
            Error::SubscriptionChanged(_) => ErrorReason::SubscriptionChanged.as_str_name(),
            Error::Field { .. } => REASON_INVALID_FIELD,
            Error::LogUnavailable(_) => ErrorReason::LogUnavailable.as_str_name(),
            Error::Inconsistent(_) => souk_client::policy::v1::ErrorReason::Internal.as_str_name(),
            Error::Database(error) => error.reason(),
        }
    }

    fn domain(&self) -> &'static str {
        match self {
            Error::Inconsistent(_) => "souk.policy.v1",
            Error::Database(error) => error.domain(),
            _ => DOMAIN,
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        let one = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
        match self {
            Error::SubscriptionNotFound(name) | Error::SubscriptionExists(name) | Error::SubscriptionChanged(name) => {
                one("subscription", name)
            }
            Error::StreamProtocol(problem) => one("problem", problem),
            Error::SubscriptionName { name, allowed, .. } => {
                vec![("subscription".to_owned(), name.clone()), ("allowed".to_owned(), allowed.clone())]
            }
            Error::NoSuchPartition { partition, partitions, .. } => {
                vec![("partition".to_owned(), partition.to_string()), ("partitions".to_owned(), partitions.to_string())]
            }
            Error::DeadLetterNotFound(id) => one("dead_letter_id", id),
            Error::Field { .. } | Error::LogUnavailable(_) | Error::Inconsistent(_) => Vec::new(),
            Error::Database(error) => error.metadata(),
        }
    }

    fn describe(&self, details: &mut ErrorDetails) {
        match self {
            Error::SubscriptionNotFound(name) | Error::SubscriptionExists(name) | Error::SubscriptionChanged(name) => {
                details.set_resource_info("Subscription", name, "", self.to_string());
            }
            Error::DeadLetterNotFound(id) => {
                details.set_resource_info("DeadLetter", id, "", self.to_string());
            }
            Error::SubscriptionName { field, allowed, .. } => {
                details.add_bad_request_violation(*field, format!("must be {allowed}"));
            }
            Error::NoSuchPartition { field, .. } => {
                details.add_bad_request_violation(format!("{field}.position.partition"), self.to_string());
            }
            Error::Field { field, problem } => {
                details.add_bad_request_violation(field, problem);
            }
            Error::StreamProtocol(_) | Error::LogUnavailable(_) | Error::Inconsistent(_) => {}
            Error::Database(error) => error.describe(details),
        }
    }
}
