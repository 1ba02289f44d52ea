//! The relay: publishes the events in the outbox and deletes those that the bus has. Each commit of
//! the process wakes it.
//!
//! **Invariant:** an event is deleted only after the bus has it, and events of one key are
//! published in the order of the outbox, one batch at a time, by one replica at a time. A crash
//! between the two publishes some events again; consumers deduplicate them by id.
//!
//! An event that breaks a rule of the contract makes the bus refuse the whole request that holds
//! it. Then events go one at a time for a while: an event that is refused alone is set aside with
//! the reason, and the others continue.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use souk_chassis::{Channel, Context, Drain, Faults, Host};
use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service_client::EventServiceClient;
use souk_data::outbox::{self, Event};
use souk_data::{Db, Engine, Error, Isolation, Tx};
use souk_types::Backoff;
use tonic::Code;
use tonic_types::StatusExt as _;
use tracing::{info, warn};

use crate::{BUS, FIRST_PAUSE, LONGEST_PAUSE};

/// Where a test can stop or kill the relay; the key is the name of the publishing service.
pub const FAULT_POINTS: [&str; 3] =
    ["events.relay.before_publish", "events.relay.before_delete", "events.relay.after_delete"];

/// The most events that are published at once.
const EVENTS_AT_ONCE: u32 = 500;

/// The most bytes of payload in one request, far below what a message may have.
const BYTES_AT_ONCE: usize = 4 << 20;

/// What the bus says of a request that it will never take as it is.
const NEVER: [&str; 2] = ["ERROR_REASON_INVALID_FIELD", "ERROR_REASON_MESSAGE_TOO_LARGE"];

/// How long one request may take. A replica that loses the right to publish has been waiting no
/// longer than this.
const PUBLISH_LIMIT: Duration = Duration::from_secs(5);

/// How long the right to empty the outbox lasts unless it is renewed; longer than a request may
/// take, with its deletion.
const CLAIM_SECONDS: i64 = 15;

/// How often the outbox is polled without a wake-up: wake-ups can be lost with a process, and other
/// replicas on PostgreSQL commit too.
const SWEEP: Duration = Duration::from_secs(1);
const SWEEP_OF_REPLICAS: Duration = Duration::from_millis(100);

/// Returns the worker that empties the outbox of `db` into the bus:
/// `.worker("relay", souk_events::relay(&host, db.clone()))`.
///
/// While the bus cannot be reached events wait in the outbox, and nothing else waits for them.
pub fn relay(
    host: &Host,
    db: Db,
) -> impl Fn(Drain) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> + Send + Sync + 'static
{
    souk_data::set_trace_source(|| Context::current().map(|context| context.traceparent()));
    let relay = Relay {
        service: host.name().to_owned(),
        bus: EventServiceClient::new(host.channel(BUS)),
        faults: host.faults(),
        owner: format!("{}-{:016x}", host.name(), rand::random::<u64>()),
        db,
    };
    move |drain| {
        let relay = relay.clone();
        Box::pin(async move { relay.run(drain).await })
    }
}

#[derive(Clone)]
struct Relay {
    service: String,
    bus: EventServiceClient<Channel>,
    faults: Faults,
    owner: String,
    db: Db,
}

/// What one round came to.
enum Round {
    /// Nothing waited.
    Idle,
    /// Some events were published; more may wait.
    Published,
    /// The bus did not take the oldest events now.
    Refused(String),
    /// The bus will never take these events together, since one of them breaks a rule.
    Invalid,
}

impl Relay {
    async fn run(&self, drain: Drain) -> Result<(), Error> {
        let sweep = match self.db.engine() {
            Engine::Sqlite => SWEEP,
            Engine::Postgres => SWEEP_OF_REPLICAS,
        };
        let mut committed = self.db.committed();
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        // How many of the next events go one at a time.
        let mut singly = 0;
        while !drain.is_draining() {
            committed.borrow_and_update();
            match self.round(if singly > 0 { 1 } else { EVENTS_AT_ONCE }).await? {
                Round::Invalid => singly = EVENTS_AT_ONCE,
                Round::Published => {
                    singly = singly.saturating_sub(1);
                    if backoff.is_failing() {
                        info!(
                            service = self.service,
                            "publishing events of {} works again", self.service
                        );
                    }
                    backoff.reset();
                }
                Round::Idle => {
                    singly = 0;
                    tokio::select! {
                        _ = tokio::time::timeout(sweep, committed.changed()) => {}
                        () = drain.started() => {}
                    }
                }
                Round::Refused(reason) => {
                    if !backoff.is_failing() {
                        warn!(
                            service = self.service,
                            "events of {} wait for the event bus: {reason}", self.service
                        );
                    }
                    drain.pause(backoff.next_pause()).await;
                }
            }
        }
        outbox::release(&self.db, &self.owner).await
    }

    /// Publishes the oldest events, at most `at_once`.
    async fn round(&self, at_once: u32) -> Result<Round, Error> {
        let waiting = outbox::list(&self.db.read(), at_once).await?;
        self.observe(&waiting);
        if waiting.is_empty() || !outbox::claim(&self.db, &self.owner, CLAIM_SECONDS).await? {
            return Ok(Round::Idle);
        }
        // What was read before the claim may have been published by its earlier holder.
        let waiting = match self.db.engine() {
            Engine::Sqlite => waiting,
            Engine::Postgres => outbox::list(&self.db.read(), at_once).await?,
        };
        let batch = first_batch(waiting);
        if batch.is_empty() {
            return Ok(Round::Idle);
        }
        self.faults.point(FAULT_POINTS[0], &self.service).await;
        let results = match self.publish(&batch).await {
            Ok(results) => results,
            Err(status) if is_final(&status) && batch.len() > 1 => return Ok(Round::Invalid),
            Err(status) if is_final(&status) => vec![refusal(&status)],
            Err(status) => {
                return Ok(Round::Refused(format!("{:?}: {}", status.code(), status.message())));
            }
        };
        self.faults.point(FAULT_POINTS[1], &self.service).await;
        let round = self.settle(&batch, results).await?;
        self.faults.point(FAULT_POINTS[2], &self.service).await;
        Ok(round)
    }

    async fn publish(&self, batch: &[Event]) -> Result<Vec<pb::PublishResult>, tonic::Status> {
        let events = batch.iter().map(|event| self.envelope(event)).collect();
        let mut bus = self.bus.clone();
        let context = Context::background(&self.service).with_timeout(PUBLISH_LIMIT);
        let response = context
            .scope(async move { bus.publish_events(pb::PublishEventsRequest { events }).await })
            .await?;
        Ok(response.into_inner().results)
    }

    fn envelope(&self, event: &Event) -> pb::Event {
        let new = &event.event;
        let traceparent =
            event.traceparent.iter().map(|value| ("traceparent".to_owned(), value.clone()));
        pb::Event {
            id: new.id.to_string(),
            // The bus sets it from our identity; it is set here to make requests readable.
            source: format!("/services/{}", self.service),
            r#type: new.kind.clone(),
            subject: new.key.clone(),
            time: Some(new.time.into()),
            data: new.payload.clone().into(),
            ordering_key: new.key.clone(),
            extensions: traceparent.collect(),
            ..pb::Event::default()
        }
    }

    /// Deletes what the bus has, and sets aside what it will never take.
    async fn settle(
        &self,
        batch: &[Event],
        results: Vec<pb::PublishResult>,
    ) -> Result<Round, Error> {
        use pb::publish_result::Result::{Failure, Position};
        let mut published = Vec::new();
        let mut refused = Vec::new();
        let mut later = None;
        for (event, result) in batch.iter().zip(results) {
            match result.result {
                Some(Position(_)) => published.push(event.seq),
                Some(Failure(failure)) if !failure.retryable => {
                    let kind = &event.event.kind;
                    let id = event.event.id;
                    tracing::error!(event.id = %id, "the event bus rejects {kind} {id} permanently: {}", failure.message);
                    refused.push((event.seq, failure.message));
                }
                Some(Failure(failure)) => later = Some(failure.message),
                None => later = Some("the event bus returned no result".to_owned()),
            }
        }
        metrics::counter!("souk_outbox_published_total", "service" => self.service.clone())
            .increment(published.len() as u64);
        metrics::counter!("souk_outbox_refused_total", "service" => self.service.clone())
            .increment(refused.len() as u64);
        let is_progress = !published.is_empty() || !refused.is_empty();
        if is_progress {
            self.db.write(Isolation::ReadCommitted, (published, refused), remove).await?;
        }
        match later {
            Some(reason) if !is_progress => Ok(Round::Refused(reason)),
            _ => Ok(Round::Published),
        }
    }

    /// Shows how long the oldest event has been waiting.
    fn observe(&self, waiting: &[Event]) {
        let oldest = waiting.first().map_or(0.0, |event| {
            let now = souk_types::Clock::system().now();
            Duration::try_from_secs_f64(
                (now.as_micros() - event.event.time.as_micros()) as f64 / 1e6,
            )
            .map_or(0.0, |age| age.as_secs_f64())
        });
        metrics::gauge!("souk_outbox_oldest_seconds", "service" => self.service.clone())
            .set(oldest);
    }
}

/// Returns whether the bus will never take this request.
fn is_final(status: &tonic::Status) -> bool {
    let is_never = |reason: &str| NEVER.contains(&reason);
    match status.get_details_error_info() {
        Some(info) => is_never(&info.reason),
        None => status.code() == Code::InvalidArgument,
    }
}

/// Returns the result of an event that was refused alone.
fn refusal(status: &tonic::Status) -> pb::PublishResult {
    let failure = pb::PublishFailure {
        message: status.message().to_owned(),
        ..pb::PublishFailure::default()
    };
    pb::PublishResult { result: Some(pb::publish_result::Result::Failure(failure)) }
}

/// Returns the oldest events that fit into one request; at least one.
fn first_batch(mut waiting: Vec<Event>) -> Vec<Event> {
    let mut bytes = 0;
    let fits = waiting.iter().take_while(|event| {
        bytes += event.event.payload.len();
        bytes <= BYTES_AT_ONCE
    });
    let count = fits.count().max(1);
    waiting.truncate(count);
    waiting
}

/// Deletes the events that were published, and sets those aside that were refused.
async fn remove(
    tx: &Tx,
    (published, refused): &(Vec<i64>, Vec<(i64, String)>),
) -> Result<(), Error> {
    outbox::delete(tx, published).await?;
    for (seq, reason) in refused {
        outbox::refuse(tx, *seq, reason).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use souk_data::outbox::NewEvent;
    use souk_types::{EventId, Timestamp};

    fn of_size(bytes: usize) -> Event {
        let time = Timestamp::from_micros(0);
        let event = NewEvent {
            id: EventId::new(time),
            kind: "a.B".into(),
            key: "k".into(),
            payload: vec![0; bytes],
            time,
        };
        Event { seq: 0, event, traceparent: None }
    }

    #[test]
    fn a_batch_holds_as_many_of_the_oldest_as_fit_and_never_none() {
        let half = BYTES_AT_ONCE / 2;
        assert_eq!(first_batch(vec![of_size(half), of_size(half), of_size(1)]).len(), 2);
        assert_eq!(first_batch(vec![of_size(BYTES_AT_ONCE + 1), of_size(1)]).len(), 1);
        assert_eq!(first_batch(vec![]).len(), 0);
    }
}
