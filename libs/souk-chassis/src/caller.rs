//! Who calls: the four kinds of caller and what was verified about one.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use crate::Context;

/// Who sent a request, after its token was verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub enum Caller {
    /// Nobody in particular: no token was sent.
    #[default]
    Anonymous,
    /// A customer, by the id of the account.
    User(String),
    /// Another service, by its name.
    Service(String),
    /// Somebody who works for the shop, by the id of the account.
    Staff(String),
}

impl Caller {
    /// Returns who sent this request; anonymous outside of a request that the chassis serves.
    pub fn of<T>(_request: &tonic::Request<T>) -> Caller {
        Context::current().map_or(Caller::Anonymous, |context| context.caller().clone())
    }

    /// Returns `user:alice`, `service:orders`, `staff:ann` or `anonymous`: what idempotency records are kept by.
    pub fn key(&self) -> String {
        self.to_string()
    }

    /// Returns `anonymous`, `user`, `service` or `staff`.
    pub fn kind(&self) -> &'static str {
        match self {
            Caller::Anonymous => "anonymous",
            Caller::User(_) => "user",
            Caller::Service(_) => "service",
            Caller::Staff(_) => "staff",
        }
    }

    /// Returns the id behind the kind; empty when anonymous.
    pub fn id(&self) -> &str {
        match self {
            Caller::Anonymous => "",
            Caller::User(id) | Caller::Service(id) | Caller::Staff(id) => id,
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Caller::Anonymous => f.write_str("anonymous"),
            _ => write!(f, "{}:{}", self.kind(), self.id()),
        }
    }
}

/// Says that a text names no caller.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' names no caller: write user:ID, service:NAME, staff, staff:ID or anonymous")]
pub struct UnknownCaller(String);

impl FromStr for Caller {
    type Err = UnknownCaller;

    /// Reads `user:ID`, `service:NAME`, `staff`, `staff:ID` or `anonymous`.
    fn from_str(text: &str) -> Result<Self, UnknownCaller> {
        let (kind, id) = text.split_once(':').unwrap_or((text, ""));
        match (kind, id) {
            ("anonymous", "") => Ok(Caller::Anonymous),
            ("staff", "") => Ok(Caller::Staff("staff".to_string())),
            ("staff", id) => Ok(Caller::Staff(id.to_string())),
            ("user", id) if !id.is_empty() => Ok(Caller::User(id.to_string())),
            ("service", id) if !id.is_empty() => Ok(Caller::Service(id.to_string())),
            _ => Err(UnknownCaller(text.to_string())),
        }
    }
}

/// What a verified token says: the caller and what it was given leave to do.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    pub(crate) caller: Caller,
    /// `user:alice`, made once because limits and the log ask for it on every request.
    pub(crate) key: String,
    pub(crate) scopes: Vec<String>,
}

impl Identity {
    pub(crate) fn new(caller: Caller, scopes: Vec<String>) -> Arc<Self> {
        let key = caller.key();
        Arc::new(Identity { caller, key, scopes })
    }

    pub(crate) fn anonymous() -> Arc<Self> {
        static ANONYMOUS: LazyLock<Arc<Identity>> = LazyLock::new(|| Identity::new(Caller::Anonymous, Vec::new()));
        ANONYMOUS.clone()
    }
}
