//! Who calls: the four kinds of caller and what was verified about one.

use std::fmt;
use std::str::FromStr;

/// Who sent a request, after its token was verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub enum Caller {
    /// Anonymous: no token was sent.
    #[default]
    Anonymous,
    /// A customer, by the id of the account.
    User(String),
    /// Another service, by its name.
    Service(String),
    /// A member of staff, by the id of the account.
    Staff(String),
}

impl Caller {
    /// Returns `user:alice`, `service:orders`, `staff:ann` or `anonymous`: what idempotency records
    /// are kept by.
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
#[error("'{0}' is not a caller: use user:ID, service:NAME, staff, staff:ID or anonymous")]
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
