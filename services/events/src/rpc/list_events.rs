//! ListEvents: events of one partition or one key as the log has them, without a subscription.

use std::time::Duration;

use prost::Message as _;
use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::ListEvents;
use souk_client::events::v1::list_events_request::Selector;
use souk_contract::{Call, Handle};
use souk_data::page::PAGE_BYTES;
use souk_types::Timestamp;

use super::EventsRpc;
use crate::access::Reader;
use crate::convert;
use crate::error::Error;
use crate::log::{Entry, partition};
use crate::subscription::EventTypes;

/// How many events a page has when the caller does not say.
const DEFAULT_EVENTS: usize = 100;

/// How much of the log one call reads at most, and how much at once.
const MAX_READ_EVENTS: usize = 20_000;
const MAX_READ_BYTES: usize = 32 << 20;
const READ_EVENTS: usize = 500;
const READ_BYTES: usize = 1 << 20;

/// How long to wait for what the log says it has. After offsets without an event, such as the marks
/// of a foreign transaction at the end of a Kafka partition, nothing comes.
const READ_TIME: Duration = Duration::from_secs(5);

/// Which events are wanted.
struct Wanted {
    key: Option<String>,
    types: EventTypes,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
    size: usize,
}

/// A page of events, and the offset at which the next one begins.
struct Found {
    events: Vec<pb::LoggedEvent>,
    next: Option<i64>,
}

impl Handle<ListEvents> for EventsRpc {
    async fn handle(
        &self,
        call: Call<pb::ListEventsRequest>,
    ) -> Result<pb::ListEventsResponse, Error> {
        let Call { request, caller, .. } = call;
        let partitions = self.0.log.partitions();
        let (partition, key) = match request.selector {
            Some(Selector::OrderingKey(key)) => (partition::of_key(&key, partitions), Some(key)),
            Some(Selector::Partition(partition)) => {
                (convert::partition("partition", partition, partitions)?, None)
            }
            None => return Err(Error::field("selector", "is required")),
        };
        let wanted = Wanted {
            key,
            types: EventTypes::new(request.event_types),
            after: time("publish_time_after", request.publish_time_after)?,
            before: time("publish_time_before", request.publish_time_before)?,
            size: usize::try_from(request.page_size)
                .ok()
                .filter(|size| *size > 0)
                .unwrap_or(DEFAULT_EVENTS),
        };
        Reader::of_call(&caller).check(&wanted.types)?;

        let scope = scope(&caller.key(), partition, &wanted);
        let scope: Vec<&str> = scope.iter().map(String::as_str).collect();
        let tokens = self.0.db.page_tokens();
        let from = match tokens.open(&scope, &request.page_token)? {
            Some(cursor) => cursor.get(0)?,
            None => self.first(partition, &wanted).await?,
        };
        let Found { events, next } = self.read(partition, from, &wanted).await?;
        let next_page_token = next.map(|next| tokens.issue(&scope, &[next.into()]));
        Ok(pb::ListEventsResponse { events, next_page_token: next_page_token.unwrap_or_default() })
    }
}

impl EventsRpc {
    /// Returns the offset of the first event that may be wanted.
    async fn first(&self, partition: u32, wanted: &Wanted) -> Result<i64, Error> {
        let log = &self.0.log;
        match wanted.after {
            Some(after) => Ok(log.offset_at(partition, after).await?),
            None => Ok(log.bounds(partition).await?.earliest),
        }
    }

    /// Reads from an offset until the page is full, or enough was read, or the log ends.
    async fn read(&self, partition: u32, from: i64, wanted: &Wanted) -> Result<Found, Error> {
        let log = &self.0.log;
        let end = log.bounds(partition).await?.next;
        let mut reader = log.reader(partition, from);
        let mut events = Vec::new();
        let mut bytes = 0;
        let mut read_events = 0;
        let mut read_bytes = 0;
        let mut position = from;
        while position < end {
            if read_events >= MAX_READ_EVENTS || read_bytes >= MAX_READ_BYTES {
                return Ok(Found { events, next: Some(position) });
            }
            let read = reader.next(READ_EVENTS, READ_BYTES);
            let Ok(entries) = tokio::time::timeout(READ_TIME, read).await else { break };
            for entry in entries? {
                let is_past = wanted.before.is_some_and(|before| entry.publish_time >= before);
                if is_past || entry.offset >= end {
                    return Ok(Found { events, next: None });
                }
                read_events += 1;
                read_bytes += entry.bytes;
                if wanted.has(&entry) {
                    let event = convert::logged_event(partition, &entry);
                    // With the framing of each, below what plain clients read.
                    bytes += event.encoded_len() + 8;
                    if events.len() == wanted.size || bytes > PAGE_BYTES && !events.is_empty() {
                        return Ok(Found { events, next: Some(entry.offset) });
                    }
                    events.push(event);
                }
                position = entry.offset + 1;
            }
        }
        Ok(Found { events, next: None })
    }
}

impl Wanted {
    fn has(&self, entry: &Entry) -> bool {
        let is_of_key = self.key.as_ref().is_none_or(|key| *key == entry.event.ordering_key);
        let is_late_enough = self.after.is_none_or(|after| entry.publish_time >= after);
        is_of_key && is_late_enough && self.types.matches(&entry.event.r#type)
    }
}

/// Returns all that a page token is bound to.
fn scope(caller: &str, partition: u32, wanted: &Wanted) -> Vec<String> {
    let time =
        |time: Option<Timestamp>| time.map(|time| time.as_micros().to_string()).unwrap_or_default();
    let mut scope = vec![
        "ListEvents".to_owned(),
        caller.to_owned(),
        partition.to_string(),
        wanted.key.clone().unwrap_or_default(),
        time(wanted.after),
        time(wanted.before),
    ];
    scope.extend(wanted.types.names().iter().cloned());
    scope
}

fn time(
    field: &'static str,
    time: Option<prost_types::Timestamp>,
) -> Result<Option<Timestamp>, Error> {
    let time = time.map(Timestamp::try_from).transpose();
    time.map_err(|error| Error::field(field, error))
}
