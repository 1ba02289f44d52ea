//! An event as a handler sees it, and what can keep it from being handled.

use prost::Message;
use souk_client::events::v1 as pb;
use souk_types::{EventId, Timestamp};

/// An event of the contract, decoded.
#[derive(Clone, Debug)]
pub struct Delivery<M> {
    /// Its id, or one that is derived from its source and its foreign id.
    pub id: EventId,
    /// Who published it: `/services/orders`.
    pub source: String,
    /// What it is about: an order's id, a sku.
    pub subject: String,
    /// When it happened.
    pub time: Timestamp,
    /// What happened.
    pub message: M,
}

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// The database failed; the same event is retried without returning it to the bus.
    #[error("the database failed: {0}")]
    Database(#[from] souk_data::Error),
    /// The event cannot be handled now; the bus delivers it again later, and at last makes it a
    /// dead letter. The text is kept there, so it holds nothing personal.
    #[error("{0}")]
    Retry(String),
    /// The event can never be handled: it becomes a dead letter at once. The text is kept there.
    #[error("{0}")]
    Poison(String),
}

impl<M: Message + Default> Delivery<M> {
    /// Decodes an event as it was delivered.
    pub(crate) fn decode(event: &pb::Event) -> Result<Self, HandlerError> {
        let message = M::decode(event.data.clone()).map_err(|error| {
            HandlerError::Poison(format!("the payload is not a valid {}: {error}", event.r#type))
        })?;
        let time = event.time.unwrap_or_default().try_into();
        let time =
            time.map_err(|error| HandlerError::Poison(format!("its time is invalid: {error}")))?;
        Ok(Delivery {
            id: id_of(event),
            source: event.source.clone(),
            subject: event.subject.clone(),
            time,
            message,
        })
    }
}

/// Returns the id of an event. Foreign ids are unique within their source only.
fn id_of(event: &pb::Event) -> EventId {
    event.id.parse().unwrap_or_else(|_| EventId::derive(event.source.as_bytes(), &event.id))
}

/// Returns the key under which the inbox remembers an event: of its source and its id, as in the
/// chassis of every language.
pub(crate) fn inbox_key(event: &pb::Event) -> EventId {
    EventId::derive(event.source.as_bytes(), &event.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use souk_client::orders::v1::OrderPlaced;

    #[test]
    fn a_foreign_id_is_the_same_event_only_from_the_same_source() {
        let event = |id: &str, source: &str| pb::Event {
            id: id.into(),
            source: source.into(),
            ..pb::Event::default()
        };
        let ours = EventId::new(Timestamp::from_micros(5));
        assert_eq!(id_of(&event(&ours.to_string(), "/services/orders")), ours);
        assert_eq!(id_of(&event("7", "/a")), id_of(&event("7", "/a")));
        assert_ne!(id_of(&event("7", "/a")), id_of(&event("7", "/b")));
    }

    #[test]
    fn an_event_outside_the_calendar_can_never_be_handled() {
        for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 2_000_000_000)] {
            let time = Some(prost_types::Timestamp { seconds, nanos });
            let error =
                Delivery::<OrderPlaced>::decode(&pb::Event { time, ..pb::Event::default() })
                    .unwrap_err();
            assert!(
                matches!(error, HandlerError::Poison(text) if text.contains("years 1 to 9999")),
                "{seconds} {nanos}"
            );
        }
    }

    #[test]
    fn a_payload_that_is_no_such_message_can_never_be_handled() {
        let event = pb::Event {
            r#type: "souk.orders.v1.OrderPlaced".into(),
            data: vec![255; 3].into(),
            ..pb::Event::default()
        };
        let error = Delivery::<OrderPlaced>::decode(&event).unwrap_err();
        assert!(
            matches!(error, HandlerError::Poison(text) if text.starts_with("the payload is not a valid souk.orders.v1.OrderPlaced"))
        );
    }
}
