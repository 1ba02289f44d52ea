//! Published events, in the write of their change, and consumed events.

use souk_chassis::Host;
use souk_client::orders::v1::OrderPlaced;
use souk_client::{{package}}::v1 as pb;
use souk_data::outbox::{self, NewEvent};
use souk_data::{Db, Error, Tx};
use souk_events::{Delivery, HandlerError, Subscription};
use souk_types::{CustomerId, Timestamp};

use crate::entry::Model;
use crate::store;

/// Publishes that an entry was recorded.
pub async fn entry_recorded(tx: &Tx, entry: &Model) -> Result<(), Error> {
    let event = pb::EntryRecorded { entry: Some(entry.into()) };
    outbox::append(tx, NewEvent::new(&event, entry.create_time)).await
}

/// Returns the subscription. A handler runs in the write that also records its event as handled, so
/// its effect happens once.
pub fn consumer(host: &Host, db: Db, most_per_customer: u64) -> Subscription {
    let clock = host.clock();
    // The name of the lasting subscription on the bus is the service's own.
    Subscription::new(host, db, host.clock(), "{{name}}")
        .from_the_beginning()
        .on("souk.orders.v1.OrderPlaced", move |tx, delivery| {
            order_placed(tx, delivery, clock.now(), most_per_customer)
        })
}

/// Records an entry of the customer for an order.
async fn order_placed(
    tx: Tx,
    delivery: Delivery<OrderPlaced>,
    now: Timestamp,
    most: u64,
) -> Result<(), HandlerError> {
    let order = delivery.message.order.unwrap_or_default();
    if order.order_id.is_empty() {
        return Err(HandlerError::Poison("the event names no order".to_owned()));
    }
    // A sale without a customer is recorded for no one.
    if order.customer_id.is_empty() {
        return Ok(());
    }
    let customer: CustomerId = order
        .customer_id
        .parse()
        .map_err(|error| HandlerError::Poison(format!("the customer of the order {error}")))?;
    // A customer who has reached the limit gets no more; were the event refused, it would only come
    // again.
    if Model::check_limit(store::count(&tx, customer).await?, most).is_err() {
        return Ok(());
    }
    let entry = Model::new(customer, format!("placed {}", order.order_id), now);
    store::insert(&tx, entry.clone()).await?;
    Ok(entry_recorded(&tx, &entry).await?)
}
