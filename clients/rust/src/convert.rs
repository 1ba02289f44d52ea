//! Conversions between the contract's types and Souk's values, which cannot hold bad data.

use souk_types::{Money, MoneyError};

use crate::types::v1 as pb;

impl pb::Actor {
    /// Reads who did something, as services store it: the kind and the id of a caller, `staff:ann`,
    /// or `system`. Returns none for an empty text: what is older than the record of actors.
    #[must_use]
    pub fn from_stored(stored: &str) -> Option<Self> {
        let (kind, id) = stored.split_once(':').unwrap_or((stored, ""));
        let kind = match kind {
            "" => return None,
            // A guest is a user without an account.
            "user" | "guest" => pb::ActorKind::User,
            "service" => pb::ActorKind::Service,
            "staff" => pb::ActorKind::Staff,
            "system" => pb::ActorKind::System,
            _ => pb::ActorKind::Unspecified,
        };
        Some(Self { kind: kind.into(), id: id.to_owned() })
    }
}

impl From<Money> for pb::Money {
    fn from(money: Money) -> Self {
        Self { currency_code: money.currency.to_string(), minor_units: money.minor }
    }
}

impl TryFrom<pb::Money> for Money {
    type Error = MoneyError;

    /// # Errors
    /// When the currency is not three upper-case letters.
    fn try_from(money: pb::Money) -> Result<Self, MoneyError> {
        Self::try_from(&money)
    }
}

impl TryFrom<&pb::Money> for Money {
    type Error = MoneyError;

    /// # Errors
    /// When the currency is not three upper-case letters.
    fn try_from(money: &pb::Money) -> Result<Self, MoneyError> {
        Ok(Self { currency: money.currency_code.parse()?, minor: money.minor_units })
    }
}

#[cfg(test)]
mod tests {
    use super::pb::{Actor, ActorKind};

    #[test]
    fn a_stored_actor_is_read_as_the_caller_that_it_was() {
        let read = |stored: &str| Actor::from_stored(stored).map(|it| (it.kind(), it.id));
        assert_eq!(read("staff:ann"), Some((ActorKind::Staff, "ann".to_owned())));
        assert_eq!(read("user:a:b"), Some((ActorKind::User, "a:b".to_owned())));
        assert_eq!(read("guest:x"), Some((ActorKind::User, "x".to_owned())));
        assert_eq!(read("service:orders"), Some((ActorKind::Service, "orders".to_owned())));
        assert_eq!(read("system"), Some((ActorKind::System, String::new())));
        assert_eq!(read(""), None);
    }
}
