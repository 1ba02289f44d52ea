//! What an error must provide to be returned to a caller, and the one function that turns it into a
//! status.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{ReasonPolicy, common};

/// An error that a service returns: one `match` with the reason and the metadata of each variant.
/// Code, domain and the keys of the metadata come from the contract.
pub trait PublicError: std::error::Error {
    /// Returns the reason with its facts. The message is the error's own text.
    fn refusal(&self) -> Refusal;
}

/// A status that says everything already, such as the one that a stream of requests broke off with.
impl PublicError for Status {
    fn refusal(&self) -> Refusal {
        Refusal(Kind::Status(Box::new(self.clone())))
    }
}

/// A field that has the right form and still cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct FieldError {
    /// The path of the field: `lines[0].price_id`.
    pub field: String,
    /// What it must be: `must not be in the future`.
    pub problem: String,
}

impl FieldError {
    /// Names a field and what it must be.
    pub fn new(field: impl Into<String>, problem: impl ToString) -> Self {
        FieldError { field: field.into(), problem: problem.to_string() }
    }
}

impl PublicError for FieldError {
    fn refusal(&self) -> Refusal {
        Refusal::new(&common::INVALID_FIELD).field(&self.field, &self.problem)
    }
}

/// A reason of the contract with the facts of one error:
/// `ErrorReason::OutOfStock.with("sku", sku).precondition(sku)`.
#[derive(Debug)]
#[must_use]
pub struct Refusal(Kind);

#[derive(Debug)]
enum Kind {
    Reason(Box<Facts>),
    /// A status that is complete as it is.
    Status(Box<Status>),
}

#[derive(Debug)]
struct Facts {
    policy: &'static ReasonPolicy,
    metadata: HashMap<String, String>,
    details: ErrorDetails,
    /// What has no text of its own, and is described by the message of the error.
    resource: Option<(String, String)>,
    preconditions: Vec<String>,
    fields: Vec<String>,
}

impl Refusal {
    /// Begins with a reason of the contract.
    pub fn new(policy: &'static ReasonPolicy) -> Self {
        Refusal(Kind::Reason(Box::new(Facts {
            policy,
            metadata: HashMap::new(),
            details: ErrorDetails::new(),
            resource: None,
            preconditions: Vec::new(),
            fields: Vec::new(),
        })))
    }

    /// Reports a bug. The caller gets only the id of the trace; the error's text goes to the log.
    pub fn internal() -> Self {
        Refusal::new(&common::INTERNAL)
    }

    /// Adds a fact that a program acts on, under a key that the contract lists for the reason.
    pub fn with(self, key: &'static str, value: impl ToString) -> Self {
        self.change(|facts| {
            facts.metadata.insert(key.to_owned(), value.to_string());
        })
    }

    /// Adds a fact that is not always known.
    pub fn with_some(self, key: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Adds facts that were kept with their keys.
    pub fn with_all<'a>(self, facts: impl IntoIterator<Item = &'a (String, String)>) -> Self {
        self.change(|facts_so_far| facts_so_far.metadata.extend(facts.into_iter().cloned()))
    }

    /// Names the resource that the error is about in ResourceInfo: its type within the package
    /// (`Order`) and its name.
    pub fn resource(self, kind: &str, name: impl ToString) -> Self {
        self.change(|facts| {
            facts.resource = Some((format!("{}.{kind}", facts.policy.domain), name.to_string()));
        })
    }

    /// Adds a violation to PreconditionFailure whose type is the reason without its prefix and
    /// whose text is the error's.
    pub fn precondition(self, subject: impl ToString) -> Self {
        self.change(|facts| facts.preconditions.push(subject.to_string()))
    }

    /// Adds a violation to PreconditionFailure with a text of its own.
    pub fn precondition_because(
        self,
        subject: impl ToString,
        description: impl Into<String>,
    ) -> Self {
        self.change(|facts| {
            let kind = kind_of(facts.policy);
            facts.details.add_precondition_failure_violation(
                kind,
                subject.to_string(),
                description,
            );
        })
    }

    /// Adds a violation to BadRequest: the path of the field, and what must be so.
    pub fn field(self, field: impl Into<String>, problem: impl Into<String>) -> Self {
        self.change(|facts| {
            facts.details.add_bad_request_violation(field, problem);
        })
    }

    /// Adds a violation to BadRequest whose text is the error's.
    pub fn field_at_fault(self, field: impl Into<String>) -> Self {
        self.change(|facts| facts.fields.push(field.into()))
    }

    /// Says in RetryInfo when the same request may come again at the earliest.
    pub fn retry_after(self, delay: Duration) -> Self {
        self.change(|facts| {
            facts.details.set_retry_info(Some(delay));
        })
    }

    /// Passes on the RetryInfo of the upstream whose failure this is.
    pub fn because_of(self, upstream: &Status) -> Self {
        match upstream.get_details_retry_info().and_then(|retry| retry.retry_delay) {
            Some(delay) => self.retry_after(delay),
            None => self,
        }
    }

    /// Returns the code of the status.
    pub fn code(&self) -> Code {
        match &self.0 {
            Kind::Reason(facts) => facts.policy.code,
            Kind::Status(status) => status.code(),
        }
    }

    /// Returns what the contract says of the reason; nothing of a status that was passed on.
    pub fn policy(&self) -> Option<&'static ReasonPolicy> {
        match &self.0 {
            Kind::Reason(facts) => Some(facts.policy),
            Kind::Status(_) => None,
        }
    }

    /// Returns the facts by key.
    pub fn metadata(&self) -> Option<&HashMap<String, String>> {
        match &self.0 {
            Kind::Reason(facts) => Some(&facts.metadata),
            Kind::Status(_) => None,
        }
    }

    fn change(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        if let Kind::Reason(facts) = &mut self.0 {
            change(facts);
        }
        self
    }

    fn into_status(self, message: &str) -> Status {
        match self.0 {
            Kind::Reason(facts) => facts.into_status(message),
            Kind::Status(status) => *status,
        }
    }
}

impl Facts {
    fn into_status(self, message: &str) -> Status {
        let policy = self.policy;
        debug_assert!(
            has_its_keys(policy, &self.metadata),
            "{} with {:?}",
            policy.name,
            self.metadata
        );
        if is_hidden(policy.code) {
            let nothing = HashMap::<String, String>::new();
            let details = ErrorDetails::with_error_info(policy.name, policy.domain, nothing);
            return Status::with_error_details(policy.code, "internal error", details);
        }
        let mut details = self.details;
        if let Some((kind, name)) = self.resource {
            details.set_resource_info(kind, name, "", message);
        }
        for subject in self.preconditions {
            details.add_precondition_failure_violation(kind_of(policy), subject, message);
        }
        for field in self.fields {
            details.add_bad_request_violation(field, message);
        }
        details.set_error_info(policy.name, policy.domain, self.metadata);
        Status::with_error_details(policy.code, message, details)
    }
}

/// Returns `OUT_OF_STOCK` of `ERROR_REASON_OUT_OF_STOCK`.
fn kind_of(policy: &ReasonPolicy) -> &'static str {
    policy.name.trim_start_matches("ERROR_REASON_")
}

/// Returns whether the facts are those that the contract promises.
fn has_its_keys(policy: &ReasonPolicy, facts: &HashMap<String, String>) -> bool {
    let is_known = |key: &String| {
        policy.metadata.contains(&key.as_str()) || policy.optional_metadata.contains(&key.as_str())
    };
    policy.metadata.iter().all(|key| facts.contains_key(*key)) && facts.keys().all(is_known)
}

/// Returns whether the code needs an operator's attention, so that its text is for us and not for
/// the caller.
pub fn is_hidden(code: Code) -> bool {
    matches!(code, Code::Internal | Code::Unknown | Code::DataLoss)
}

/// Returns the status of an error: its code, its text, and ErrorInfo with reason, domain and
/// metadata. The text of INTERNAL, UNKNOWN and DATA_LOSS is hidden and their metadata left out,
/// because it would reveal internals, and a caller cannot act on it.
pub fn status(error: &dyn PublicError) -> Status {
    error.refusal().into_status(&error.to_string())
}

/// Returns the text of an error and of everything that caused it.
pub(crate) fn with_causes(error: &dyn PublicError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Retry;

    static POLICY: ReasonPolicy = ReasonPolicy {
        name: "ERROR_REASON_OUT_OF_STOCK",
        domain: "souk.test",
        code: Code::FailedPrecondition,
        http_status: 400,
        retry: Retry::Never,
        metadata: &["sku"],
        optional_metadata: &["order_id"],
    };

    #[derive(Debug, thiserror::Error)]
    #[error("out of stock")]
    struct OutOfStock(Option<u8>);

    impl PublicError for OutOfStock {
        fn refusal(&self) -> Refusal {
            let refusal = Refusal::new(&POLICY).with("sku", "mug").with_some("order_id", self.0);
            refusal.precondition("mug").resource("Stock", "mug").field_at_fault("sku")
        }
    }

    #[test]
    fn a_status_has_what_the_contract_says_and_the_facts() {
        let status = status(&OutOfStock(None));
        assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "out of stock"));
        let info = status.get_details_error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), (POLICY.name, POLICY.domain));
        assert_eq!(info.metadata, HashMap::from([("sku".to_owned(), "mug".to_owned())]));
        let violation = &status.get_details_precondition_failure().unwrap().violations[0];
        assert_eq!(
            (violation.r#type.as_str(), violation.subject.as_str()),
            ("OUT_OF_STOCK", "mug")
        );
        assert_eq!(status.get_details_resource_info().unwrap().resource_type, "souk.test.Stock");
        assert_eq!(
            status.get_details_bad_request().unwrap().field_violations[0].description,
            "out of stock"
        );
    }

    #[test]
    fn facts_are_those_of_the_contract() {
        let facts =
            |keys: &[&str]| keys.iter().map(|key| ((*key).to_owned(), String::new())).collect();
        assert!(has_its_keys(&POLICY, &facts(&["sku"])));
        assert!(has_its_keys(&POLICY, &facts(&["sku", "order_id"])));
        assert!(!has_its_keys(&POLICY, &facts(&["order_id"])));
        assert!(!has_its_keys(&POLICY, &facts(&["sku", "colour"])));
    }
}
