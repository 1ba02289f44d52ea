//! The only place where wire data becomes trusted data, and back. What the contract has checked is
//! not checked again.

use std::time::Duration;

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use souk_types::Timestamp;

use crate::dead_letter::{DeadLetter, DeadLetterId};
use crate::error::Error;
use crate::subscription::{EventTypes, RequestedSettings, Retries, Settings, Start, Subscription};

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
        None | Some(Wire::Latest(true)) => Ok(Start::Latest),
        Some(Wire::Earliest(true)) => Ok(Start::Earliest),
        Some(Wire::Latest(false)) => {
            Err(Error::field(format!("{field}.latest"), "must be true when it is set"))
        }
        Some(Wire::Earliest(false)) => {
            Err(Error::field(format!("{field}.earliest"), "must be true when it is set"))
        }
        Some(Wire::Time(time)) => {
            let time = Timestamp::try_from(time)
                .map_err(|error| Error::field(format!("{field}.time"), error))?;
            Ok(Start::Time(time))
        }
        Some(Wire::Position(position)) => {
            let missing =
                || Error::NoSuchPartition { field, partition: position.partition, partitions };
            let partition =
                u32::try_from(position.partition).ok().filter(|partition| *partition < partitions);
            let partition = partition.ok_or_else(missing)?;
            Ok(Start::Position { partition, offset: position.offset })
        }
    }
}

/// Reads what a stream asks of its subscription.
pub fn requested_settings(start: &pb::SubscribeStart) -> RequestedSettings {
    RequestedSettings {
        event_types: EventTypes::new(start.event_types.clone()),
        ack_deadline: duration(start.ack_deadline),
        max_attempts: attempts(start.max_attempts),
    }
}

/// Reads the settings of a new subscription.
pub fn settings(request: &pb::CreateSubscriptionRequest) -> Settings {
    let usual = Settings::default();
    let min_delay = duration(request.min_retry_delay).unwrap_or(usual.retries.min_delay);
    let max_delay = duration(request.max_retry_delay).unwrap_or(usual.retries.max_delay);
    Settings {
        event_types: EventTypes::new(request.event_types.clone()),
        ack_deadline: duration(request.ack_deadline).unwrap_or(usual.ack_deadline),
        retries: Retries {
            max_attempts: attempts(request.max_attempts).unwrap_or(usual.retries.max_attempts),
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
    pub streams: usize,
    /// The next offset that is not finished, by partition.
    pub positions: Vec<(u32, i64)>,
}

/// Returns a subscription for the wire.
pub fn subscription(subscription: Subscription, backlog: Backlog) -> pb::Subscription {
    let Settings { event_types, ack_deadline, retries } = subscription.settings;
    pb::Subscription {
        name: subscription.name,
        owner: subscription.owner,
        event_types: event_types.names().to_vec(),
        ack_deadline: Some(wire_duration(ack_deadline)),
        max_attempts: i32::try_from(retries.max_attempts).unwrap_or(i32::MAX),
        min_retry_delay: Some(wire_duration(retries.min_delay)),
        max_retry_delay: Some(wire_duration(retries.max_delay)),
        create_time: Some(subscription.create_time.into()),
        lag: backlog.lag,
        outstanding: i32::try_from(backlog.outstanding).unwrap_or(i32::MAX),
        dead_letters: backlog.dead_letters,
        streams: i32::try_from(backlog.streams).unwrap_or(i32::MAX),
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

/// Returns a dead letter for the wire.
pub fn dead_letter(subscription: &str, letter: &DeadLetter) -> pb::DeadLetter {
    let DeadLetter { id, entry, .. } = letter;
    pb::DeadLetter {
        dead_letter_id: id.to_string(),
        subscription: subscription.to_owned(),
        event: Some(pb::LoggedEvent {
            event: Some(pb::Event::clone(&entry.event)),
            position: Some(position(id.partition, id.offset)),
            publish_time: Some(entry.publish_time.into()),
        }),
        attempts: i32::try_from(letter.attempts).unwrap_or(i32::MAX),
        reason: letter.reason.clone(),
        create_time: Some(letter.create_time.into()),
    }
}
