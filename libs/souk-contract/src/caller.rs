//! Who calls: the four kinds of caller and what was verified about one.

use std::fmt;
use std::str::FromStr;

use souk_types::CustomerId;

/// Who sent a request, after its token was verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub enum Caller {
    /// Anonymous: no token was sent.
    #[default]
    Anonymous,
    /// A person who buys, signed in or as a guest.
    User(User),
    /// Another service, by its name.
    Service(String),
    /// A member of staff, by the id of the account.
    Staff(String),
}

/// A person who buys: whom the token was issued to, and the customer whose things it reaches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User {
    /// The id of the account, or of the guest's session.
    pub id: String,
    /// Whether the person buys without an account.
    pub is_guest: bool,
    /// The customer that owns what the person does.
    pub customer: CustomerId,
}

impl User {
    /// Returns `user:alice` or `guest:x`.
    fn subject(id: &str, is_guest: bool) -> String {
        format!("{}:{id}", if is_guest { GUEST } else { USER })
    }
}

const USER: &str = "user";
const GUEST: &str = "guest";

/// Derives the customer of a subject, such as `user:alice`, as development tokens do: a UUIDv5.
pub fn customer_of(subject: &str) -> CustomerId {
    CustomerId::derive(b"souk.customer", subject)
}

impl Caller {
    /// Returns the user with this account. The customer is derived from the name.
    pub fn user(id: impl Into<String>) -> Self {
        Caller::person(id.into(), false)
    }

    /// Returns the guest with this session. The customer is derived from the name.
    pub fn guest(id: impl Into<String>) -> Self {
        Caller::person(id.into(), true)
    }

    fn person(id: String, is_guest: bool) -> Self {
        let customer = customer_of(&User::subject(&id, is_guest));
        Caller::User(User { id, is_guest, customer })
    }

    /// Returns the customer that owns what this caller does, where the caller is a person.
    pub fn customer(&self) -> Option<CustomerId> {
        match self {
            Caller::User(user) => Some(user.customer),
            Caller::Anonymous | Caller::Service(_) | Caller::Staff(_) => None,
        }
    }

    /// Returns the subject: `user:alice`, `guest:x`, `service:orders`, `staff:ann` or `anonymous`.
    pub fn key(&self) -> String {
        self.to_string()
    }

    /// Returns what idempotency records are kept by: the customer of a person, so that anyone
    /// who acts for the customer finds them again; else the subject.
    pub fn owner(&self) -> String {
        match self {
            Caller::User(user) => user.customer.to_string(),
            Caller::Anonymous | Caller::Service(_) | Caller::Staff(_) => self.key(),
        }
    }

    /// Returns `anonymous`, `user`, `guest`, `service` or `staff`.
    pub fn kind(&self) -> &'static str {
        match self {
            Caller::Anonymous => "anonymous",
            Caller::User(user) if user.is_guest => GUEST,
            Caller::User(_) => USER,
            Caller::Service(_) => "service",
            Caller::Staff(_) => "staff",
        }
    }

    /// Returns the id behind the kind; empty when anonymous.
    pub fn id(&self) -> &str {
        match self {
            Caller::Anonymous => "",
            Caller::User(User { id, .. }) | Caller::Service(id) | Caller::Staff(id) => id,
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
#[error("'{0}' is not a caller: use user:ID, guest:ID, service:NAME, staff, staff:ID or anonymous")]
pub struct UnknownCaller(String);

impl FromStr for Caller {
    type Err = UnknownCaller;

    /// Reads `user:ID`, `guest:ID`, `service:NAME`, `staff`, `staff:ID` or `anonymous`. The
    /// customer of a person is derived from the text.
    fn from_str(text: &str) -> Result<Self, UnknownCaller> {
        let (kind, id) = text.split_once(':').unwrap_or((text, ""));
        match (kind, id) {
            ("anonymous", "") => Ok(Caller::Anonymous),
            ("staff", "") => Ok(Caller::Staff("staff".to_string())),
            ("staff", id) => Ok(Caller::Staff(id.to_string())),
            (USER, id) if !id.is_empty() => Ok(Caller::user(id)),
            (GUEST, id) if !id.is_empty() => Ok(Caller::guest(id)),
            ("service", id) if !id.is_empty() => Ok(Caller::Service(id.to_string())),
            _ => Err(UnknownCaller(text.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chassis of every language derives the same ids.
    #[test]
    fn the_customer_of_a_name_is_the_same_everywhere() {
        for (subject, customer) in [
            ("user:alice", "customer_6hwct5gq5kb1dtg419zs3z7jba"),
            ("guest:alice", "customer_7a1c0bhxjtaj4smrtkvpjhm00e"),
        ] {
            assert_eq!(customer_of(subject).to_string(), customer, "{subject}");
        }
    }
}
