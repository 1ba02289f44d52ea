//! The only place where wire data becomes trusted data, and back. What the contract has checked is
//! not checked again.

use std::time::Duration;

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use souk_types::Timestamp;

use crate::dead_letter::{DeadLetter, DeadLetterId};
use crate::error::Error;
use crate::log::Entry;
use crate::subscription::{
    EventTypes, RequestedSettings, Retries, Settings, SettingsChange, Start, Subscription,
};

/// The fields of a subscription that an update can change.
const CHANGEABLE: [&str; 5] =
    ["event_types", "ack_deadline", "max_attempts", "min_retry_delay", "max_retry_delay"];

/// Returns a length of time from the wire; none when it was left out.
pub fn duration(duration: Option<prost_types::Duration>) -> Option<Duration> {
    let duration = duration?;
    let seconds = u64::try_from(duration.seconds).ok()?;
    Some(Duration::new(seconds, u32::try_from(duration.nanos).ok()?))
}

/// Returns a position in the log for the wire.
pub fn position(partition: u32, offset: i64) -> pb::Position {
    // A log has at most 1,024 partitions.
    pb::Position { partition: partition as i32, offset }
}

/// Returns the `source` of the events that a caller publishes: `/services/orders`.
pub fn source(caller: &Caller) -> String {
    match caller {
        Caller::Service(name) => format!("/services/{name}"),
        Caller::Staff(id) => format!("/staff/{id}"),
        Caller::User(_) | Caller::Anonymous => "/".to_owned(),
    }
}

/// Refuses an event whose time is outside the calendar: nothing that reads it later could write it.
pub fn check_time(index: usize, event: &pb::Event) -> Result<(), Error> {
    let time = event.time.map(Timestamp::try_from).transpose();
    time.map(drop).map_err(|error| Error::field(format!("events[{index}].time"), error))
}

/// Reads where a subscription starts or is set to, which `field` holds; left out, it is the latest.
pub fn start(
    field: &'static str,
    position: Option<pb::StartPosition>,
    partitions: u32,
) -> Result<Start, Error> {
    use pb::start_position::Start as Wire;
    match position.and_then(|position| position.start) {
        None => Ok(Start::Latest),
        Some(Wire::Boundary(boundary)) => match pb::LogBoundary::try_from(boundary) {
            Ok(pb::LogBoundary::Earliest) => Ok(Start::Earliest),
            Ok(pb::LogBoundary::Latest) => Ok(Start::Latest),
            Ok(pb::LogBoundary::Unspecified) | Err(_) => {
                Err(Error::field(format!("{field}.boundary"), "must be an end of the log"))
            }
        },
        Some(Wire::PublishTime(time)) => {
            let time = Timestamp::try_from(time)
                .map_err(|error| Error::field(format!("{field}.publish_time"), error))?;
            Ok(Start::Time(time))
        }
        Some(Wire::Position(position)) => {
            let field = format!("{field}.position.partition");
            let partition = partition(field, position.partition, partitions)?;
            Ok(Start::Position { partition, offset: position.offset })
        }
    }
}

/// Reads the number of a partition, which `field` holds.
pub fn partition(field: impl Into<String>, partition: i32, partitions: u32) -> Result<u32, Error> {
    let found = u32::try_from(partition).ok().filter(|partition| *partition < partitions);
    found.ok_or_else(|| Error::NoSuchPartition { field: field.into(), partition, partitions })
}

/// Reads what is to be changed of a subscription.
pub fn settings_change(
    subscription: &pb::Subscription,
    mask: Option<prost_types::FieldMask>,
) -> Result<SettingsChange, Error> {
    let new = settings(subscription);
    let paths = mask.unwrap_or_default().paths;
    if paths.is_empty() {
        return Err(Error::field("update_mask", "must name at least one field"));
    }
    let mut change = SettingsChange::default();
    for path in paths {
        let is_all = path == "*";
        let names = |name: &str| is_all || path == name;
        if !is_all && !CHANGEABLE.contains(&path.as_str()) {
            let problem = format!("must name some of {}, or be *", CHANGEABLE.join(", "));
            return Err(Error::field("update_mask", problem));
        }
        if names("event_types") {
            change.event_types = Some(new.event_types.clone());
        }
        if names("ack_deadline") {
            change.ack_deadline = Some(new.ack_deadline);
        }
        if names("max_attempts") {
            change.max_attempts = Some(new.retries.max_attempts);
        }
        if names("min_retry_delay") {
            change.min_delay = Some(new.retries.min_delay);
        }
        if names("max_retry_delay") {
            change.max_delay = Some(new.retries.max_delay);
        }
    }
    Ok(change)
}

/// Reads what a stream asks of its subscription.
pub fn requested_settings(start: &pb::SubscribeStart) -> RequestedSettings {
    RequestedSettings {
        event_types: EventTypes::new(start.event_types.clone()),
        ack_deadline: duration(start.ack_deadline),
        max_attempts: attempts(start.max_attempts),
    }
}

/// Reads the settings of a subscription; what is left out is as usual.
pub fn settings(subscription: &pb::Subscription) -> Settings {
    let usual = Settings::default();
    let min_delay = duration(subscription.min_retry_delay).unwrap_or(usual.retries.min_delay);
    let max_delay = duration(subscription.max_retry_delay).unwrap_or(usual.retries.max_delay);
    Settings {
        event_types: EventTypes::new(subscription.event_types.clone()),
        ack_deadline: duration(subscription.ack_deadline).unwrap_or(usual.ack_deadline),
        retries: Retries {
            max_attempts: attempts(subscription.max_attempts).unwrap_or(usual.retries.max_attempts),
            min_delay,
            // A longest wait below the shortest one means that every wait is the shortest.
            max_delay: max_delay.max(min_delay),
        },
    }
}

fn attempts(attempts: i32) -> Option<u32> {
    u32::try_from(attempts).ok().filter(|attempts| *attempts > 0)
}

/// The fields that come from the current state of a subscription.
#[derive(Clone, Debug, Default)]
pub struct Backlog {
    pub lag: i64,
    pub outstanding: usize,
    pub dead_letters: i64,
    /// The next offset that is not finished, by partition.
    pub positions: Vec<(u32, i64)>,
}

/// Returns a subscription for the wire.
pub fn subscription(subscription: Subscription, backlog: Backlog) -> pb::Subscription {
    let etag = subscription.etag();
    let Settings { event_types, ack_deadline, retries } = subscription.settings;
    pb::Subscription {
        subscription_id: subscription.name,
        owner: subscription.owner,
        event_types: event_types.names().to_vec(),
        ack_deadline: Some(wire_duration(ack_deadline)),
        max_attempts: i32::try_from(retries.max_attempts).unwrap_or(i32::MAX),
        min_retry_delay: Some(wire_duration(retries.min_delay)),
        max_retry_delay: Some(wire_duration(retries.max_delay)),
        create_time: Some(subscription.create_time.into()),
        update_time: Some(subscription.update_time.into()),
        etag,
        lag: backlog.lag,
        outstanding_count: i32::try_from(backlog.outstanding).unwrap_or(i32::MAX),
        dead_letter_count: backlog.dead_letters,
        positions: backlog
            .positions
            .into_iter()
            .map(|(partition, offset)| position(partition, offset))
            .collect(),
    }
}

fn wire_duration(duration: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: duration.subsec_nanos() as i32,
    }
}

/// Reads the ids of dead letters. Text that is no such id names a dead letter that is not there.
pub fn dead_letter_ids(ids: &[String]) -> Result<Vec<DeadLetterId>, Error> {
    ids.iter()
        .map(|id| DeadLetterId::parse(id).ok_or_else(|| Error::DeadLetterNotFound(id.clone())))
        .collect()
}

/// Returns an event of the log for the wire.
pub fn logged_event(partition: u32, entry: &Entry) -> pb::LoggedEvent {
    pb::LoggedEvent {
        event: Some(pb::Event::clone(&entry.event)),
        position: Some(position(partition, entry.offset)),
        publish_time: Some(entry.publish_time.into()),
    }
}

/// Returns a dead letter for the wire.
pub fn dead_letter(subscription: &str, letter: &DeadLetter) -> pb::DeadLetter {
    let DeadLetter { id, entry, .. } = letter;
    pb::DeadLetter {
        dead_letter_id: id.to_string(),
        subscription_id: subscription.to_owned(),
        event: Some(logged_event(id.partition, entry)),
        attempt_count: i32::try_from(letter.attempts).unwrap_or(i32::MAX),
        reason: letter.reason.clone(),
        create_time: Some(letter.create_time.into()),
    }
}
