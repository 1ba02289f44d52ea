//! A subscription: which events it wants, and what happens to an event that fails.

use std::time::Duration;

use souk_chassis::Caller;
use souk_events::is_version;
use souk_types::Timestamp;

use crate::error::Error;

/// How long a consumer has for an event unless it is said otherwise.
pub const ACK_DEADLINE: Duration = Duration::from_secs(30);
/// After how many deliveries an event becomes a dead letter unless it is said otherwise.
pub const MAX_ATTEMPTS: u32 = 10;
/// The shortest wait before an event is delivered again unless it is said otherwise.
pub const MIN_RETRY_DELAY: Duration = Duration::from_millis(100);
/// The longest.
pub const MAX_RETRY_DELAY: Duration = Duration::from_secs(60);

/// By how much of itself a wait may be longer, so that what failed together does not come again
/// together.
const JITTER: f64 = 0.25;

/// A lasting reader of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// What other rows refer to.
    pub number: i64,
    pub name: String,
    /// Who made it: `service:notifications`.
    pub owner: String,
    pub settings: Settings,
    pub create_time: Timestamp,
    /// When its settings were changed last.
    pub update_time: Timestamp,
    /// Grows with every change of the settings.
    pub version: i64,
    /// Grows when it is set to another position; streams of an earlier revision end.
    pub revision: i64,
}

/// What can be set about a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub event_types: EventTypes,
    pub ack_deadline: Duration,
    pub retries: Retries,
}

/// The types that are delivered: full names, or packages with `.*`. None: every type. Sorted, each
/// once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventTypes(Vec<String>);

/// What happens to an event that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// After how many deliveries it becomes a dead letter.
    pub max_attempts: u32,
    /// How long it waits after the first; twice as long after each further one.
    pub min_delay: Duration,
    /// The longest wait.
    pub max_delay: Duration,
}

/// Where a subscription starts or is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Earliest,
    Latest,
    Time(Timestamp),
    Position { partition: u32, offset: i64 },
}

/// What is to be changed of the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsChange {
    pub event_types: Option<EventTypes>,
    pub ack_deadline: Option<Duration>,
    pub max_attempts: Option<u32>,
    pub min_delay: Option<Duration>,
    pub max_delay: Option<Duration>,
}

/// The settings that a stream takes its subscription to have; of what it leaves out it says
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedSettings {
    pub event_types: EventTypes,
    pub ack_deadline: Option<Duration>,
    pub max_attempts: Option<u32>,
}

/// The prefix of the names of staff's subscriptions, whichever member created them.
const STAFF: &str = "staff";

/// Refuses to let a caller read a subscription of this name, or make it, unless it is the caller's
/// own. `found` is the subscription where there is one; `field` is the field of the request that
/// names it.
///
/// A name belongs to the service that it begins with. A subscription that was made before this was
/// so stays its owner's.
pub fn check_reader(
    caller: &Caller,
    field: &'static str,
    name: &str,
    found: Option<&Subscription>,
) -> Result<(), Error> {
    if found.is_some_and(|found| found.owner == caller.key()) {
        return Ok(());
    }
    check_name(caller, field, name)?;
    match found {
        Some(found) => Err(Error::SubscriptionExists(found.name.clone())),
        None => Ok(()),
    }
}

fn check_name(caller: &Caller, field: &'static str, name: &str) -> Result<(), Error> {
    let owner = if let Caller::Staff(_) = caller { STAFF } else { caller.id() };
    let rest = name.strip_prefix(owner).filter(|_| !owner.is_empty());
    let is_own = match rest {
        // Of staff each has names of their own.
        Some("") => owner != STAFF,
        Some(rest) => rest.starts_with('.') && rest.len() > 1,
        None => false,
    };
    if is_own {
        return Ok(());
    }
    let allowed = match caller {
        Caller::Staff(_) => format!("{STAFF}.NAME"),
        _ => format!("{owner} or {owner}.NAME"),
    };
    Err(Error::SubscriptionNotYours { field, name: name.to_owned(), allowed })
}

impl Subscription {
    /// Returns this subscription if it has the settings that a stream takes it to have.
    pub fn with_settings(self, requested: &RequestedSettings) -> Result<Self, Error> {
        let differs = self.settings.differences(requested);
        if differs.is_empty() {
            return Ok(self);
        }
        Err(Error::SubscriptionDiffers { name: self.name, differs })
    }

    /// Refuses everybody but its owner, as if it were not there.
    pub fn check_consumer(&self, caller_key: &str) -> Result<(), Error> {
        self.check_owner(caller_key, false)
    }

    /// Returns what identifies the settings as they are.
    pub fn etag(&self) -> String {
        self.version.to_string()
    }

    /// Refuses a caller that neither made it nor is staff, as if it were not there.
    pub fn check_owner(&self, caller_key: &str, is_staff: bool) -> Result<(), Error> {
        if is_staff || self.owner == caller_key {
            return Ok(());
        }
        Err(Error::SubscriptionNotFound(self.name.clone()))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            event_types: EventTypes::default(),
            ack_deadline: ACK_DEADLINE,
            retries: Retries::default(),
        }
    }
}

impl Default for Retries {
    fn default() -> Self {
        Retries {
            max_attempts: MAX_ATTEMPTS,
            min_delay: MIN_RETRY_DELAY,
            max_delay: MAX_RETRY_DELAY,
        }
    }
}

impl Settings {
    /// Returns these settings with a change.
    pub fn changed(&self, change: &SettingsChange) -> Settings {
        let min_delay = change.min_delay.unwrap_or(self.retries.min_delay);
        let max_delay = change.max_delay.unwrap_or(self.retries.max_delay);
        Settings {
            event_types: change.event_types.clone().unwrap_or_else(|| self.event_types.clone()),
            ack_deadline: change.ack_deadline.unwrap_or(self.ack_deadline),
            retries: Retries {
                max_attempts: change.max_attempts.unwrap_or(self.retries.max_attempts),
                min_delay,
                // As in a new subscription: every wait is the shortest.
                max_delay: max_delay.max(min_delay),
            },
        }
    }

    /// Returns the names of the settings that a stream takes to be others. The deadline is the
    /// stream's own.
    pub fn differences(&self, requested: &RequestedSettings) -> Vec<&'static str> {
        let mut differs = Vec::new();
        if requested.event_types != self.event_types {
            differs.push("event_types");
        }
        if requested.max_attempts.is_some_and(|most| most != self.retries.max_attempts) {
            differs.push("max_attempts");
        }
        differs
    }

    /// Returns these settings with what a stream asks for.
    pub fn with(&self, requested: &RequestedSettings) -> Settings {
        Settings {
            event_types: requested.event_types.clone(),
            ack_deadline: requested.ack_deadline.unwrap_or(self.ack_deadline),
            retries: Retries {
                max_attempts: requested.max_attempts.unwrap_or(self.retries.max_attempts),
                ..self.retries
            },
        }
    }
}

impl EventTypes {
    /// Takes names in any order.
    pub fn new(mut names: Vec<String>) -> Self {
        names.sort_unstable();
        names.dedup();
        EventTypes(names)
    }

    /// Returns the names, sorted.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Returns whether events of this type are delivered.
    pub fn matches(&self, kind: &str) -> bool {
        self.0.is_empty()
            || self.0.iter().any(|name| match name.strip_suffix(".*") {
                Some(package) => is_in(kind, package),
                None => kind == name,
            })
    }
}

/// Returns whether a type is in a package, or in a version of it. Not in a package below: that may
/// belong to another service, whose scope was not asked for.
fn is_in(kind: &str, package: &str) -> bool {
    let rest = kind.strip_prefix(package).and_then(|rest| rest.strip_prefix('.'));
    let Some(rest) = rest else { return false };
    match rest.split_once('.') {
        None => true,
        Some((version, message)) => is_version(version) && !message.contains('.'),
    }
}

impl Retries {
    /// Returns how long an event waits after this many failures; `jitter` is between 0 and 1.
    pub fn delay(&self, attempts: u32, jitter: f64) -> Duration {
        let doublings = attempts.saturating_sub(1).min(31);
        let delay = self.min_delay.saturating_mul(1 << doublings).min(self.max_delay);
        delay.mul_f64(1.0 + JITTER * jitter.clamp(0.0, 1.0)).min(self.max_delay.max(self.min_delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(owner: &str, name: &str) -> Subscription {
        Subscription {
            number: 1,
            name: name.into(),
            owner: owner.into(),
            settings: Settings::default(),
            create_time: Timestamp::from_micros(0),
            update_time: Timestamp::from_micros(0),
            version: 1,
            revision: 0,
        }
    }

    #[test]
    fn a_name_begins_with_that_of_its_owner() {
        let mail = Caller::Service("mail".into());
        let ann = Caller::Staff("ann".into());
        let check =
            |caller: &Caller, name: &str| check_reader(caller, "subscription_id", name, None);
        for name in ["mail", "mail.rebuild", "mail.a-b.c"] {
            assert!(check(&mail, name).is_ok(), "{name}");
        }
        for name in ["orders", "mail.", "mail-out", "mailbox", "mai", "staff.mail", "m"] {
            let Err(Error::SubscriptionNotYours { allowed, .. }) = check(&mail, name) else {
                panic!("{name}")
            };
            assert_eq!(allowed, "mail or mail.NAME");
        }
        assert!(check(&ann, "staff.ann").is_ok());
        for name in ["staff", "staff.", "ann", "mail"] {
            assert!(matches!(check(&ann, name), Err(Error::SubscriptionNotYours { .. })), "{name}");
        }
        assert!(check(&Caller::Service(String::new()), ".a").is_err());
    }

    #[test]
    fn only_its_owner_reads_it_whatever_it_is_called() {
        let mail = Caller::Service("mail".into());
        let ann = Caller::Staff("ann".into());
        let check = |caller: &Caller, found: &Subscription| {
            check_reader(caller, "subscription_id", &found.name, Some(found))
        };
        assert!(check(&mail, &of("service:mail", "an-older-name")).is_ok());
        assert!(matches!(
            check(&mail, &of("service:orders", "mail")),
            Err(Error::SubscriptionExists(_))
        ));
        assert!(matches!(
            check(&mail, &of("service:orders", "orders")),
            Err(Error::SubscriptionNotYours { .. })
        ));
        assert!(matches!(
            check(&ann, &of("staff:bob", "staff.bob")),
            Err(Error::SubscriptionExists(_))
        ));
        assert!(matches!(
            check(&ann, &of("service:mail", "mail")),
            Err(Error::SubscriptionNotYours { .. })
        ));
    }

    #[test]
    fn a_package_stands_for_all_types_in_it() {
        let types =
            EventTypes::new(vec!["souk.orders.*".into(), "souk.payments.v1.PaymentFailed".into()]);
        assert!(types.matches("souk.orders.v1.OrderPlaced"));
        assert!(types.matches("souk.payments.v1.PaymentFailed"));
        assert!(!types.matches("souk.payments.v1.PaymentFailedAgain"));
        assert!(!types.matches("souk.ordersplus.v1.OrderPlaced"));
        assert!(EventTypes::default().matches("anything.At"));

        let types = EventTypes::new(vec!["souk.orders.v1.*".into(), "souk.*".into()]);
        assert!(types.matches("souk.orders.v1.OrderPlaced"));
        assert!(types.matches("souk.v1.Happened") && types.matches("souk.Happened"));
        for other in ["souk.orders.v2.OrderPlaced", "souk.orders.v1.mail.Sent", "souk.mail.v1.A"] {
            assert!(!types.matches(other), "{other}");
        }
    }

    #[test]
    fn a_wait_doubles_up_to_the_longest() {
        let retries = Retries::default();
        let waits: Vec<u128> =
            (1..=12).map(|attempts| retries.delay(attempts, 0.0).as_millis()).collect();
        assert_eq!(waits[..4], [100, 200, 400, 800]);
        assert_eq!(waits[10..], [60_000, 60_000]);
        assert_eq!(retries.delay(1, 1.0).as_millis(), 125);
        assert_eq!(retries.delay(100, 1.0).as_millis(), 60_000);
        let at_once = Retries { min_delay: Duration::ZERO, ..retries };
        assert_eq!(at_once.delay(9, 1.0), Duration::ZERO);
    }
}
