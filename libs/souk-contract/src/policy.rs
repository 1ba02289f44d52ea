//! The policy table of the contract: the options `souk.policy.v1.method` and `idempotency_level` of
//! each method.

use std::time::Duration;

use crate::Shape;

/// A kind of caller that a method admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallerKind {
    /// Everyone, including anonymous callers.
    Public,
    /// A signed-in user.
    User,
    /// Another service.
    Service,
    /// A member of the shop's staff.
    Staff,
}

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
    /// The proto package: `souk.orders.v1`.
    pub package: &'static str,
    /// The full name of the service: `souk.orders.v1.OrderService`.
    pub service: &'static str,
    /// The name of the method: `PlaceOrder`.
    pub method: &'static str,
    /// The kinds of callers that may call; never empty.
    pub callers: &'static [CallerKind],
    /// Which services may call when [`CallerKind::Service`] is listed; empty means any.
    pub services: &'static [&'static str],
    /// The scopes that the caller's token must also have, all of them.
    pub scopes: &'static [&'static str],
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

    /// Returns whether callers of this kind may call. [`CallerKind::Public`] admits every kind.
    /// Scopes and service names are separate.
    pub fn admits(&self, kind: CallerKind) -> bool {
        self.callers.contains(&kind) || self.callers.contains(&CallerKind::Public)
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
