//! What is told to others, put into the outbox by the write that makes the change. `souk_events::Consumer` is how to hear.

use prost::Message as _;
use souk_client::{{package}}::v1 as pb;
use souk_data::Tx;
use souk_data::outbox::{self, NewEvent};
use souk_types::EventId;

use crate::entry::Entry;
use crate::error::Error;

/// Tells that an entry was written down.
pub async fn entry_recorded(tx: &Tx, entry: &Entry) -> Result<(), Error> {
    let event = pb::EntryRecorded { entry: Some(entry.into()) };
    let event = NewEvent {
        id: EventId::new(entry.create_time),
        kind: "souk.{{package}}.v1.EntryRecorded".to_owned(),
        key: entry.user_id.clone(),
        payload: event.encode_to_vec(),
        time: entry.create_time,
    };
    Ok(outbox::append(tx, event).await?)
}
