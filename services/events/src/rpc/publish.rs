//! Publish: adds events to the log, each with a result of its own.

use std::sync::Arc;

use bytes::Bytes;
use souk_chassis::{Caller, Context};
use souk_client::events::v1 as pb;
use souk_client::events::v1::publish_result::Result as Outcome;
use souk_types::Timestamp;
use tonic::Request;

use super::EventsRpc;
use crate::convert;
use crate::error::Error;
use crate::log::AppendError;
use crate::log::partition;

/// The attribute that carries the trace on.
const TRACEPARENT: &str = "traceparent";

pub async fn handle(rpc: &EventsRpc, request: Request<pb::PublishRequest>) -> Result<pb::PublishResponse, Error> {
    let source = convert::source(&Caller::of(&request));
    let trace = Context::current().map(|context| String::from_utf8_lossy(&context.traceparent()).into_owned());
    let now = rpc.0.clock.now();
    let partitions = rpc.0.log.partitions();
    let complete = |event| {
        let event = complete(event, &source, trace.as_deref(), now);
        (partition::of_event(&event, partitions), Arc::new(event))
    };
    let events: Vec<_> = request.into_inner().events.into_iter().map(complete).collect();
    let places: Vec<u32> = events.iter().map(|(partition, _)| *partition).collect();

    let outcomes = rpc.0.log.append(events).await?;

    metrics::counter!("souk_events_published_total")
        .increment(outcomes.iter().filter(|one| one.is_ok()).count() as u64);
    let results = places.into_iter().zip(outcomes).map(|(partition, outcome)| result(partition, outcome));
    Ok(pb::PublishResponse { results: results.collect() })
}

/// Adds what the publisher left out, and what it has no say in.
fn complete(mut event: pb::Event, source: &str, trace: Option<&str>, now: Timestamp) -> pb::Event {
    event.source = source.to_owned();
    // Its own bytes: a slice would keep the whole request in memory for as long as this one event waits for somebody.
    event.data = Bytes::copy_from_slice(&event.data);
    event.time.get_or_insert_with(|| now.into());
    if let Some(trace) = trace
        && !event.extensions.contains_key(TRACEPARENT)
    {
        event.extensions.insert(TRACEPARENT.to_owned(), trace.to_owned());
    }
    event
}

fn result(partition: u32, outcome: Result<i64, AppendError>) -> pb::PublishResult {
    let failure = |reason: pb::ErrorReason, error: &AppendError, is_retryable| pb::PublishFailure {
        reason: reason.into(),
        message: error.to_string(),
        is_retryable,
    };
    let outcome = match outcome {
        Ok(offset) => Outcome::Position(convert::position(partition, offset)),
        Err(error @ AppendError::TooLarge { .. }) => {
            Outcome::Failure(failure(pb::ErrorReason::EventTooLarge, &error, false))
        }
        Err(error @ AppendError::Unavailable(_)) => {
            Outcome::Failure(failure(pb::ErrorReason::LogUnavailable, &error, true))
        }
    };
    pb::PublishResult { result: Some(outcome) }
}
