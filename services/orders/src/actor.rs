//! Who asked for an operation, and with which words: stored with the saga, and with each change.

use souk_chassis::Caller;
use souk_client::types::v1 as types;

/// Who asked for an operation, as it is stored: the kind and the id of a caller, `staff:ann`; empty
/// in what earlier versions stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor(pub String);

impl Actor {
    /// Returns the caller of a method.
    pub fn of(caller: &Caller) -> Self {
        Actor(caller.to_string())
    }

    /// Returns another service, which did something that an order follows.
    pub fn service(name: &str) -> Self {
        Actor(format!("service:{name}"))
    }

    /// Returns this service itself: a deadline has passed.
    pub fn system() -> Self {
        Actor("system:".to_owned())
    }
}

impl From<&Actor> for Option<types::Actor> {
    fn from(actor: &Actor) -> Self {
        let (kind, id) = actor.0.split_once(':').unwrap_or((&actor.0, ""));
        let kind = match kind {
            "" => return None,
            // A guest is a user without an account.
            "user" | "guest" => types::ActorKind::User,
            "service" => types::ActorKind::Service,
            "staff" => types::ActorKind::Staff,
            "system" => types::ActorKind::System,
            _ => types::ActorKind::Unspecified,
        };
        Some(types::Actor { kind: kind.into(), id: id.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_read_as_the_caller_that_it_was() {
        let shown = |actor: Actor| Option::<types::Actor>::from(&actor);
        let ann = shown(Actor::of(&Caller::Staff("ann".into()))).unwrap();
        assert_eq!((ann.kind(), ann.id.as_str()), (types::ActorKind::Staff, "ann"));
        let odd = shown(Actor::of(&Caller::user("a:b"))).unwrap();
        assert_eq!((odd.kind(), odd.id.as_str()), (types::ActorKind::User, "a:b"));
        let guest = shown(Actor::of(&Caller::guest("x"))).unwrap();
        assert_eq!((guest.kind(), guest.id.as_str()), (types::ActorKind::User, "x"));
        assert_eq!(shown(Actor::system()).unwrap().kind(), types::ActorKind::System);
        assert_eq!(shown(Actor::default()), None);
    }
}
