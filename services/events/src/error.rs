//! All errors of a call: each variant is one reason of the contract with its metadata.

use souk_client::events::v1::ErrorReason as Reason;
use souk_contract::{FieldError, PublicError, Reason as _, Refusal, common};
use tonic::Status;

use crate::log::LogError;

/// Why the events service refused a call.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    #[error("subscription {0} does not exist")]
    SubscriptionNotFound(String),
    #[error("subscription {0} exists with other settings or another owner")]
    SubscriptionExists(String),
    #[error("the subscription is called {name}, but this caller may only use {allowed}")]
    SubscriptionNotYours { field: &'static str, name: String, allowed: String },
    #[error("the stream violated the protocol: {0}")]
    StreamProtocol(&'static str),
    #[error("reading these types of events takes the scope {}", .0.join(" and "))]
    TypesNotReadable(Vec<String>),
    #[error(
        "subscription {name} has other settings than the stream asks for: {}; change them with \
         UpdateSubscription", .differs.join(" and ")
    )]
    SubscriptionDiffers { name: String, differs: Vec<&'static str> },
    #[error("the etag is not that of the settings that subscription {name} has")]
    EtagMismatch { name: String, etag: String },
    #[error("partition {partition} does not exist; the log has {partitions}")]
    NoSuchPartition { field: String, partition: i32, partitions: u32 },
    #[error("dead letter {0} does not exist")]
    DeadLetterNotFound(String),
    #[error("subscription {0} was deleted, moved to another position or given other event types")]
    SubscriptionChanged(String),
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error("the log cannot be reached: {0}")]
    LogUnavailable(String),
    /// The database contradicts itself; the audit would find it too.
    #[error("inconsistent data: {0}")]
    Inconsistent(String),
    /// The caller's stream broke off.
    #[error(transparent)]
    Stream(#[from] Status),
    #[error(transparent)]
    Database(#[from] souk_data::Error),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        Error::Database(error.into())
    }
}

impl Error {
    /// Returns the refusal of a field that has the right form and still cannot be used.
    pub fn field(field: impl Into<String>, problem: impl ToString) -> Self {
        Error::Field(FieldError::new(field, problem))
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
    fn refusal(&self) -> Refusal {
        match self {
            Error::SubscriptionNotFound(name) => of(Reason::SubscriptionNotFound, name),
            Error::SubscriptionExists(name) => of(Reason::SubscriptionExists, name),
            Error::SubscriptionChanged(name) => of(Reason::SubscriptionChanged, name),
            Error::SubscriptionNotYours { field, name, allowed } => Reason::SubscriptionNotYours
                .with("subscription_id", name)
                .with("allowed", allowed)
                .field(*field, format!("must be {allowed}")),
            Error::TypesNotReadable(scopes) => {
                Refusal::new(&common::ACCESS_DENIED).with("scopes", scopes.join(","))
            }
            Error::SubscriptionDiffers { name, differs } => {
                of(Reason::SubscriptionDiffers, name).with("differs", differs.join(","))
            }
            Error::EtagMismatch { etag, .. } => {
                Refusal::new(&common::ETAG_MISMATCH).with("etag", etag)
            }
            Error::StreamProtocol(problem) => Reason::StreamProtocol.with("problem", problem),
            Error::NoSuchPartition { field, partition, partitions } => Reason::NoSuchPartition
                .with("partition", partition)
                .with("partitions", partitions)
                .field_at_fault(field),
            Error::DeadLetterNotFound(id) => {
                Reason::DeadLetterNotFound.with("dead_letter_id", id).resource("DeadLetter", id)
            }
            Error::Field(error) => error.refusal(),
            Error::LogUnavailable(_) => Reason::LogUnavailable.refusal(),
            Error::Inconsistent(_) => Refusal::internal(),
            Error::Stream(status) => status.refusal(),
            Error::Database(error) => error.refusal(),
        }
    }
}

fn of(reason: Reason, subscription: &str) -> Refusal {
    reason.with("subscription_id", subscription).resource("Subscription", subscription)
}

#[cfg(test)]
mod tests {
    use souk_contract::status;
    use tonic::Code;
    use tonic_types::StatusExt;

    use super::*;

    #[test]
    fn what_is_said_of_a_subscription_has_its_name() {
        let name = || "mail".to_owned();
        for (error, code) in [
            (Error::SubscriptionNotFound(name()), Code::NotFound),
            (Error::SubscriptionExists(name()), Code::AlreadyExists),
            (Error::SubscriptionChanged(name()), Code::Aborted),
        ] {
            let status = status(&error);
            assert_eq!(status.code(), code);
            assert_eq!(
                status.get_details_error_info().unwrap().metadata["subscription_id"],
                "mail"
            );
            assert_eq!(
                status.get_details_resource_info().unwrap().resource_type,
                "souk.events.Subscription"
            );
        }
    }

    #[test]
    fn a_partition_that_is_not_there_is_named_with_its_field() {
        let field = "position.position.partition".to_owned();
        let status = status(&Error::NoSuchPartition { field, partition: 9, partitions: 8 });
        let info = status.get_details_error_info().unwrap();
        assert_eq!(
            (info.metadata["partition"].as_str(), info.metadata["partitions"].as_str()),
            ("9", "8")
        );
        let violation = &status.get_details_bad_request().unwrap().field_violations[0];
        assert_eq!(
            (violation.field.as_str(), violation.description.as_str()),
            ("position.position.partition", status.message())
        );
    }

    #[test]
    fn a_name_of_another_caller_is_refused_with_those_that_may_be_used() {
        let name = "orders".to_owned();
        let allowed = "mail or mail.NAME".to_owned();
        let status = status(&Error::SubscriptionNotYours { field: "subscription", name, allowed });
        assert_eq!(
            status.get_details_error_info().unwrap().metadata["allowed"],
            "mail or mail.NAME"
        );
        let violation = &status.get_details_bad_request().unwrap().field_violations[0];
        assert_eq!(violation.description, "must be mail or mail.NAME");
    }
}
