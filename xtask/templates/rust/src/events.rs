//! What is told to others, put into the outbox by the write that makes the change, and what is heard of them.

use prost::Message as _;
use souk_chassis::Host;
use souk_client::orders::v1::OrderPlaced;
use souk_client::{{package}}::v1 as pb;
use souk_data::outbox::{self, NewEvent};
use souk_data::{Db, Error, Tx};
use souk_events::{Consumer, HandlerError, Heard};
use souk_types::{EventId, Timestamp};

use crate::entry::Entry;
use crate::store;

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
    outbox::append(tx, event).await
}

/// Returns what is heard. A handler runs in the write that also records its event as handled, so its effect happens once.
pub fn consumer(host: &Host, db: Db, most_per_user: i64) -> Consumer {
    let clock = host.clock();
    // The name of the lasting subscription on the bus is the service's own.
    Consumer::new(host, db, host.clock(), "{{name}}")
        .from_the_beginning()
        .on("souk.orders.v1.OrderPlaced", move |tx, heard| order_placed(tx, heard, clock.now(), most_per_user))
}

/// Writes an order down for its customer.
async fn order_placed(tx: Tx, heard: Heard<OrderPlaced>, now: Timestamp, most: i64) -> Result<(), HandlerError> {
    let order = heard.message.order.unwrap_or_default();
    if order.order_id.is_empty() || order.customer_id.is_empty() {
        return Err(HandlerError::Never("the event names no order of a customer".to_owned()));
    }
    let entry = Entry::new(&order.customer_id, format!("placed {}", order.order_id), now);
    // A user who has as many entries as one may have gets no more; were the event refused, it would only come again.
    let Ok(entry) = entry.admit(store::count(&tx, &order.customer_id).await?, most) else { return Ok(()) };
    store::insert(&tx, &entry).await?;
    Ok(entry_recorded(&tx, &entry).await?)
}
