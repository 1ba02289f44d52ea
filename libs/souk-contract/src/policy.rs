//! The policy table of the contract: the options `souk.policy.v1.method` and `idempotency_level` of
//! each method.

use std::time::Duration;

use crate::{Caller, Shape};

/// A kind of caller that a method admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallerKind {
    /// Everyone, including anonymous callers.
    Public,
    /// A person who buys, signed in or as a guest.
    User,
    /// Another service.
    Service,
    /// A member of the shop's staff.
    Staff,
}

impl CallerKind {
    /// Returns the kind of a caller; of an anonymous one, the kind of everyone.
    pub fn of(caller: &Caller) -> Self {
        match caller {
            Caller::Anonymous => Self::Public,
            Caller::User(_) => Self::User,
            Caller::Service(_) => Self::Service,
            Caller::Staff(_) => Self::Staff,
        }
    }
}

/// What admits a caller to a method: its kind, and scopes that its token must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The kind of caller; [`CallerKind::Public`] admits every kind.
    pub caller: CallerKind,
    /// The scopes that the caller's token must have, all of them.
    pub scopes: &'static [&'static str],
    /// Whether a user must have signed in.
    pub excludes_guests: bool,
}

/// Why a method does not admit a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAdmitted {
    /// No caller of its kind may call.
    Kind,
    /// It is a guest, and only those who have signed in may call.
    Guest,
    /// Its token lacks these scopes.
    Scopes(Vec<&'static str>),
}

/// The scope of a token that has every scope.
pub const EVERY_SCOPE: &str = "*";

/// How much is lost when a call is refused. The order is by importance: `Sheddable < CriticalPlus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Criticality {
    /// It can be done later, and no one is waiting for it.
    Sheddable,
    /// It can be done later, but someone is waiting for it.
    SheddablePlus,
    /// A customer sees the refusal at once.
    Critical,
    /// Refusing it loses money or breaks a promise already made.
    CriticalPlus,
}

impl Criticality {
    /// All of them, the least important first.
    pub const ALL: [Self; 4] =
        [Self::Sheddable, Self::SheddablePlus, Self::Critical, Self::CriticalPlus];

    /// Returns the name used in request metadata, logs and metrics: `critical_plus`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sheddable => "sheddable",
            Self::SheddablePlus => "sheddable_plus",
            Self::Critical => "critical",
            Self::CriticalPlus => "critical_plus",
        }
    }

    /// Returns the criticality with this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// Whether a call may be repeated when its outcome is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Idempotency {
    /// It only reads.
    NoSideEffects,
    /// It writes, and a repeat with the same request changes nothing more.
    Idempotent,
    /// It must not be repeated. No Souk method is; foreign protos (health, reflection) may say
    /// nothing.
    Unknown,
}

impl Idempotency {
    /// Returns whether the contract allows to send the same request again.
    pub fn is_repeatable(self) -> bool {
        !matches!(self, Self::Unknown)
    }
}

/// What the contract says of one method.
#[derive(Debug)]
pub struct MethodPolicy {
    /// The path of the call: `/souk.orders.v1.OrderService/PlaceOrder`.
    pub path: &'static str,
    /// The domain of its reasons, its package without the version: `souk.orders`.
    pub domain: &'static str,
    /// The full name of the service: `souk.orders.v1.OrderService`.
    pub service: &'static str,
    /// The name of the method: `PlaceOrder`.
    pub method: &'static str,
    /// Who may call: every caller that one of these admits; never empty.
    pub grants: &'static [Grant],
    /// The field of the request that says whose things a user reaches with it; empty when no user
    /// may call.
    pub own: &'static str,
    /// The reasons of its own package that it can fail with, by full name.
    pub reasons: &'static [&'static str],
    /// How important a call is unless it is part of a more important one.
    pub criticality: Criticality,
    /// The longest a call may take; [`MethodPolicy::UNLIMITED`] for streams that last as long as
    /// the caller listens.
    pub timeout: Duration,
    /// Whether a call may be repeated.
    pub idempotency: Idempotency,
    /// Whether the caller sends a stream.
    pub client_streaming: bool,
    /// Whether the service answers a stream.
    pub server_streaming: bool,
    /// The most bytes of one message of the caller: what the rules of its fields allow, and a
    /// quarter more.
    pub max_request_bytes: usize,
    /// What is counted in a message of the caller before it is decoded.
    pub request_shape: &'static Shape,
}

impl MethodPolicy {
    /// The timeout of a method whose responses may last as long as the caller listens: ten years,
    /// so that adding it to a clock cannot overflow.
    pub const UNLIMITED: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

    /// Decides whether a caller with these scopes may call.
    ///
    /// # Errors
    /// What it lacks: of several grants to its kind, what the first of them asks for.
    pub fn admit<T: AsRef<str>>(&self, caller: &Caller, scopes: &[T]) -> Result<(), NotAdmitted> {
        let has = |scope: &str| {
            scopes.iter().any(|own| own.as_ref() == scope || own.as_ref() == EVERY_SCOPE)
        };
        let kind = CallerKind::of(caller);
        let grants = self
            .grants
            .iter()
            .filter(|grant| grant.caller == kind || grant.caller == CallerKind::Public);
        let is_guest = matches!(caller, Caller::User(user) if user.is_guest);
        let mut first = None;
        for grant in grants {
            if grant.excludes_guests && is_guest {
                first.get_or_insert(NotAdmitted::Guest);
                continue;
            }
            let lacks: Vec<&str> =
                grant.scopes.iter().copied().filter(|scope| !has(scope)).collect();
            if lacks.is_empty() {
                return Ok(());
            }
            first.get_or_insert(NotAdmitted::Scopes(lacks));
        }
        Err(first.unwrap_or(NotAdmitted::Kind))
    }
}

/// A set of methods with their policies, and the descriptors they come from.
#[derive(Debug)]
pub struct Contract {
    /// Every method, sorted by path.
    pub methods: &'static [MethodPolicy],
    /// An encoded `google.protobuf.FileDescriptorSet` with all imports and custom options.
    pub descriptors: &'static [u8],
}

impl Contract {
    /// Returns the policy of the method with this path (`/package.Service/Method`).
    pub fn method(&self, path: &str) -> Option<&'static MethodPolicy> {
        let index = self.methods.binary_search_by(|policy| policy.path.cmp(path)).ok()?;
        Some(&self.methods[index])
    }

    /// Returns the methods of the service with this full name, in order of their paths.
    pub fn methods_of<'a>(
        &'a self,
        service: &'a str,
    ) -> impl Iterator<Item = &'static MethodPolicy> + 'a {
        self.methods.iter().filter(move |policy| policy.service == service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_can_leave_out_guests() {
        let grant =
            |excludes_guests| Grant { caller: CallerKind::User, scopes: &[], excludes_guests };
        let policy = |grants: &'static [Grant]| MethodPolicy {
            path: "",
            domain: "",
            service: "",
            method: "",
            grants,
            own: "customer_id",
            reasons: &[],
            criticality: Criticality::Critical,
            timeout: MethodPolicy::UNLIMITED,
            idempotency: Idempotency::Idempotent,
            client_streaming: false,
            server_streaming: false,
            max_request_bytes: 0,
            request_shape: Shape::EMPTY,
        };
        let none: &[&str] = &[];
        let strict = policy(Box::leak(Box::new([grant(true)])));
        assert_eq!(strict.admit(&Caller::guest("x"), none), Err(NotAdmitted::Guest));
        assert_eq!(strict.admit(&Caller::user("x"), none), Ok(()));
        let open = policy(Box::leak(Box::new([grant(false)])));
        assert_eq!(open.admit(&Caller::guest("x"), none), Ok(()));
    }
}
