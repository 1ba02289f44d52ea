//! An event as an AMQP message, and back.

use std::sync::Arc;

use bytes::Bytes;
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use souk_client::events::v1 as pb;
use souk_types::Timestamp;
use tracing::warn;

use super::super::{AppendError, Entry, publish_time_of, size_of};
use crate::cloudevents::{self, Binding};

/// The header with the time at which the log took the event, in microseconds: AMQP's own timestamp
/// knows seconds only.
const PUBLISH_TIME: &str = "souk_publish_time";

/// The most bytes of attributes. They travel in one frame, which RabbitMQ limits to 128 KiB, and a
/// larger one costs the connection.
const MAX_ATTRIBUTES: usize = 120 << 10;

/// Returns the properties of the message that carries an event.
pub fn properties(
    event: &pb::Event,
    now: Timestamp,
    mark: String,
) -> Result<BasicProperties, AppendError> {
    let headers = cloudevents::to_headers(event, Binding::Amqp);
    let bytes = headers.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
    if bytes > MAX_ATTRIBUTES {
        return Err(AppendError::TooLarge {
            what: "the attributes of the event",
            bytes,
            max: MAX_ATTRIBUTES,
        });
    }
    let mut table = FieldTable::default();
    for (name, value) in headers {
        table.insert(name.into(), AMQPValue::LongString(value.into()));
    }
    table.insert(PUBLISH_TIME.into(), AMQPValue::LongLongInt(now.as_micros()));
    let mut properties = BasicProperties::default()
        .with_delivery_mode(2)
        .with_correlation_id(mark.into())
        .with_timestamp(now.as_millis() / 1000);
    // Properties hold 255 bytes. A media type of another size goes among the attributes.
    match ShortString::try_new(cloudevents::content_type(event)) {
        Ok(content_type) => properties = properties.with_content_type(content_type),
        Err(_) => {
            let content_type = AMQPValue::LongString(cloudevents::content_type(event).into());
            table.insert("cloudEvents_datacontenttype".into(), content_type);
        }
    }
    if let Ok(id) = ShortString::try_new(event.id.as_str()) {
        properties = properties.with_message_id(id);
    }
    Ok(properties.with_headers(table))
}

/// Returns the offset of a message of a stream.
pub fn offset_of(delivery: &Delivery) -> Option<i64> {
    match delivery.properties.headers().as_ref()?.inner().get("x-stream-offset")? {
        AMQPValue::LongLongInt(offset) => Some(*offset),
        AMQPValue::LongUInt(offset) => Some(i64::from(*offset)),
        AMQPValue::LongInt(offset) => Some(i64::from(*offset)),
        _ => None,
    }
}

/// Reads an event. What a foreign producer wrote and is none is skipped, with a line in the log.
pub fn entry_of(delivery: Delivery, offset: i64) -> Option<Entry> {
    let properties = delivery.properties;
    let data = Bytes::from(delivery.data);
    let headers = properties.headers().as_ref();
    let texts = headers.iter().flat_map(|headers| headers.inner()).filter_map(|(name, value)| {
        let value = match value {
            AMQPValue::LongString(value) => value.as_bytes(),
            AMQPValue::ShortString(value) => value.as_str().as_bytes(),
            _ => return None,
        };
        Some((name.as_str(), value))
    });
    let content_type = properties.content_type().as_ref().map(ShortString::as_str);
    let event = match cloudevents::from_headers(texts, content_type, data, Binding::Amqp) {
        Ok(event) => event,
        Err(reason) => {
            warn!(
                "skipped a message of {}, offset {offset}: {reason}",
                delivery.routing_key.as_str()
            );
            return None;
        }
    };
    let written = headers.and_then(|headers| headers.inner().get(PUBLISH_TIME)?.as_long_long_int());
    // A foreign producer gives the second at best.
    let seconds =
        || properties.timestamp().and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(0);
    let publish_time =
        publish_time_of(written.unwrap_or_else(|| seconds().saturating_mul(1_000_000)));
    Some(Entry { offset, publish_time, bytes: size_of(&event), event: Arc::new(event) })
}
