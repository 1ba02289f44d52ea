//! PublishEvents: adds events to the log, each with its own result.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use souk_chassis::{Caller, Context};
use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::PublishEvents;
use souk_client::events::v1::publish_result::Result as Outcome;
use souk_contract::{Call, Handle};
use souk_events::{is_owner, owner_of};
use souk_types::Timestamp;

use super::EventsRpc;
use crate::convert;
use crate::error::Error;
use crate::log::{AppendError, Refused, partition};

/// The attribute that carries the trace on.
const TRACEPARENT: &str = "traceparent";

impl Handle<PublishEvents> for EventsRpc {
    async fn handle(
        &self,
        call: Call<pb::PublishEventsRequest>,
    ) -> Result<pb::PublishEventsResponse, Error> {
        let caller = call.caller;
        let events = call.request.events;
        for (index, event) in events.iter().enumerate() {
            convert::check_time(index, event)?;
        }
        let source = convert::source(&caller);
        let trace = Context::current()
            .map(|context| String::from_utf8_lossy(&context.traceparent()).into_owned());
        let now = self.0.clock.now();
        let partitions = self.0.log.partitions();

        let mut refused = Refused::default();
        let mut results = Vec::with_capacity(events.len());
        let mut taken = Vec::with_capacity(events.len());
        for event in events {
            if let Err(failure) = admit(&caller, &event, &mut refused) {
                results.push(Outcome::Failure(failure));
                continue;
            }
            let event = complete(event, &source, trace.as_deref(), now);
            let partition = partition::of_event(&event, partitions);
            // Its offset is filled in below.
            results.push(Outcome::Position(convert::position(partition, -1)));
            taken.push((partition, Arc::new(event)));
        }

        let outcomes = if taken.is_empty() { Vec::new() } else { self.0.log.append(taken).await? };

        let positions = results.iter_mut().filter(|one| matches!(one, Outcome::Position(_)));
        for (result, outcome) in positions.zip(outcomes) {
            let Outcome::Position(position) = result else { continue };
            match outcome {
                Ok(offset) => position.offset = offset,
                Err(error) => *result = Outcome::Failure(failure(&error)),
            }
        }
        count(&results);
        let results = results.into_iter().map(|result| pb::PublishResult { result: Some(result) });
        Ok(pb::PublishEventsResponse { results: results.collect() })
    }
}

/// Refuses an event whose type belongs to another service, and the later ones of its key, which
/// must not overtake it.
fn admit(
    caller: &Caller,
    event: &pb::Event,
    refused: &mut Refused,
) -> Result<(), pb::PublishFailure> {
    refused.check(&event.ordering_key).map_err(|error| failure(&error))?;
    let kind = &event.r#type;
    let is_own = match caller {
        Caller::Service(name) => is_owner(name, kind),
        Caller::Anonymous | Caller::User(_) | Caller::Staff(_) => false,
    };
    if is_own {
        return Ok(());
    }
    refused.add(&event.ordering_key);
    let owner = owner_of(kind);
    let allowed = match &owner {
        Some(owner) => format!("only service:{owner}"),
        None => "no service".to_owned(),
    };
    Err(pb::PublishFailure {
        reason: pb::ErrorReason::TypeNotYours.into(),
        message: format!("{allowed} may publish events of the type {kind}, not {caller}"),
        retryable: false,
        metadata: BTreeMap::from([
            ("type".to_owned(), kind.clone()),
            ("owner".to_owned(), owner.unwrap_or_default()),
        ]),
    })
}

/// Sets defaults and the attributes that the server assigns.
fn complete(mut event: pb::Event, source: &str, trace: Option<&str>, now: Timestamp) -> pb::Event {
    event.source = source.to_owned();
    // Its own bytes: a slice would keep the whole request in memory for as long as this one event
    // waits for a reader.
    event.data = Bytes::copy_from_slice(&event.data);
    event.time.get_or_insert_with(|| now.into());
    if let Some(trace) = trace
        && !event.extensions.contains_key(TRACEPARENT)
    {
        event.extensions.insert(TRACEPARENT.to_owned(), trace.to_owned());
    }
    event
}

fn failure(error: &AppendError) -> pb::PublishFailure {
    let (reason, retryable) = match error {
        AppendError::TooLarge { .. } => (pb::ErrorReason::EventTooLarge, false),
        AppendError::Unavailable(_) => (pb::ErrorReason::LogUnavailable, true),
    };
    let message = error.to_string();
    pb::PublishFailure { reason: reason.into(), message, retryable, metadata: BTreeMap::new() }
}

fn count(results: &[Outcome]) {
    let mut published = 0;
    for result in results {
        match result {
            Outcome::Position(_) => published += 1,
            Outcome::Failure(failure) => {
                let reason = failure.reason().as_str_name();
                metrics::counter!("souk_events_refused_total", "reason" => reason).increment(1);
            }
        }
    }
    metrics::counter!("souk_events_published_total").increment(published);
}
