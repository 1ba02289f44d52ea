//! The lease manager of one subscription at this replica: leases its share of the partitions, reads
//! them into their windows, and releases them when the last stream has ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use souk_client::events::v1 as pb;
use souk_data::Engine;
use souk_data::Isolation::ReadCommitted;
use souk_types::Backoff;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::warn;

use super::hub::Hub;
use super::{Delivery, recorder};
use crate::error::Error;
use crate::log::{Entry, LogReader};
use crate::store;
use crate::store::lease::{LeaseRequest, NewLease};
use crate::window::Window;

/// How much is read at once.
const READ_EVENTS: usize = 500;
const READ_BYTES: usize = 1 << 20;

/// The longest time between two polls of the leases. A file has no other replicas: there it is only
/// for what is requeued and found no capacity.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The pauses after failures.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long acknowledgements are kept for a replica that does not fetch them: longer than any
/// deadline.
const ACKNOWLEDGEMENTS_FOR: Duration = Duration::from_secs(3600);

/// The most dead letters that are fetched in one poll.
const REQUEUED_AT_A_TIME: usize = 100;

/// Runs until the last stream has left and everything is given back.
pub async fn run(delivery: Delivery, hub: Arc<Hub>) {
    let lease = delivery.0.config.lease();
    let is_shared = is_shared(&delivery);
    let mut held_until = Instant::now() + lease;
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    while !delivery.try_close(&hub) {
        let began = Instant::now();
        let next = match poll(&delivery, &hub).await {
            Ok(next) => {
                held_until = began + lease;
                if is_shared {
                    hub.hold_until(held_until);
                }
                backoff.reset();
                next
            }
            Err(error) => {
                warn!(
                    subscription.number = hub.number,
                    "cannot renew the leases of a subscription: {error}"
                );
                if is_shared && Instant::now() >= held_until {
                    // Another replica may have them by now.
                    drop_parts(&hub);
                }
                Some(backoff.next_pause())
            }
        };
        let interval = if is_shared { (lease / 4).min(POLL_INTERVAL) } else { LONGEST_PAUSE };
        tokio::select! {
            () = hub.poll_now.notified() => {}
            () = tokio::time::sleep(next.unwrap_or(interval).min(interval)) => {}
        }
    }
    give_back(&delivery, &hub).await;
    delivery.remove(&hub);
}

/// Renews what is leased, acquires and releases what its share says, and fetches what is to be
/// delivered again. Returns when to poll again at the latest, if not at the usual time.
async fn poll(delivery: &Delivery, hub: &Arc<Hub>) -> Result<Option<Duration>, Error> {
    let shared = &delivery.0;
    let request = LeaseRequest {
        subscription: hub.number,
        replica: shared.replica.clone(),
        lease: shared.config.lease(),
        known: hub.epochs(),
        partitions: shared.log.partitions(),
    };
    let leases = shared.db.write(ReadCommitted, request, store::lease::renew).await?;
    let subscription = match leases.subscription {
        Some(subscription) if subscription.revision == hub.subscription().revision => subscription,
        _ => {
            hub.end_streams(&Error::SubscriptionChanged(hub.subscription().name));
            drop_parts(hub);
            return Ok(None);
        }
    };
    hub.set(&subscription);
    if is_shared(delivery) {
        take_acknowledgements(delivery, hub).await?;
    }
    for (partition, epoch) in leases.lost {
        hub.remove_part(partition, epoch);
    }
    for lease in leases.acquired {
        begin(delivery, hub, lease);
    }
    let surplus = hub.leave_parts(leases.surplus, shared.config.lease());
    if !surplus.is_empty() {
        release(delivery, hub, &surplus).await?;
    }
    let is_more = fetch_requeued(delivery, hub).await?;
    let soon = is_more || leases.surplus > surplus.len();
    Ok(soon.then_some(FIRST_PAUSE))
}

/// Applies the acknowledgements that unary calls brought to other replicas.
async fn take_acknowledgements(delivery: &Delivery, hub: &Arc<Hub>) -> Result<(), Error> {
    let shared = &delivery.0;
    let input = (hub.number, shared.replica.clone());
    let messages = shared.db.write(ReadCommitted, input, store::acknowledgement::take).await?;
    for message in messages {
        let update = pb::SubscribeUpdate::decode(message.as_slice())
            .map_err(|error| Error::Inconsistent(format!("an acknowledgement: {error}")))?;
        hub.updates().apply(&update);
    }
    Ok(())
}

/// Returns whether other replicas share the database.
fn is_shared(delivery: &Delivery) -> bool {
    delivery.0.db.engine() == Engine::Postgres
}

/// Begins to read a partition that was leased.
fn begin(delivery: &Delivery, hub: &Arc<Hub>, lease: NewLease) {
    let NewLease { partition, epoch, progress, failures } = lease;
    let settings = hub.subscription().settings;
    let from = progress.next();
    let window = Window::new(settings.event_types, settings.retries, progress, failures);
    let has_capacity = Arc::new(Notify::new());
    // It starts with the permit of a window that has capacity, once the window is there.
    let pump = tokio::spawn(pump(
        delivery.clone(),
        hub.clone(),
        partition,
        epoch,
        from,
        has_capacity.clone(),
    ));
    hub.add_part(partition, epoch, window, has_capacity.clone(), pump.abort_handle());
    has_capacity.notify_one();
}

/// Reads a partition into its window, as far as there is capacity, until its lease is over.
async fn pump(
    delivery: Delivery,
    hub: Arc<Hub>,
    partition: u32,
    epoch: i64,
    from: i64,
    has_capacity: Arc<Notify>,
) {
    has_capacity.notified().await;
    let mut reader: Option<Box<dyn LogReader>> = None;
    let mut position = from;
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        let Some((events, bytes)) = hub.capacity(partition, epoch) else { return };
        // Much capacity at once is better than a little at a time.
        let config = &delivery.0.config;
        if events < (config.window_events / 4).min(READ_EVENTS)
            || bytes < (config.window_bytes / 4).min(READ_BYTES)
        {
            has_capacity.notified().await;
            continue;
        }
        let events = events.min(READ_EVENTS);
        let bytes = bytes.min(READ_BYTES);
        match read(&delivery, &mut reader, partition, position, events, bytes).await {
            Ok(entries) => {
                backoff.reset();
                position = entries.last().map_or(position, |last| last.offset + 1);
                if !hub.push(partition, epoch, entries) {
                    return;
                }
            }
            Err(error) => {
                warn!(log.partition = partition, "cannot read the log: {error}");
                reader = None;
                tokio::time::sleep(backoff.next_pause()).await;
            }
        }
    }
}

async fn read(
    delivery: &Delivery,
    reader: &mut Option<Box<dyn LogReader>>,
    partition: u32,
    position: i64,
    events: usize,
    bytes: usize,
) -> Result<Vec<Entry>, Error> {
    let reader = reader.get_or_insert_with(|| delivery.0.log.reader(partition, position));
    Ok(reader.next(events, bytes).await?)
}

/// Fetches dead letters that are to be delivered again, as far as windows have capacity. Returns
/// whether there are more.
async fn fetch_requeued(delivery: &Delivery, hub: &Hub) -> Result<bool, Error> {
    let reader = delivery.0.db.read();
    let requeued = store::dead_letter::requeued(&reader, hub.number).await?;
    let epochs = hub.epochs();
    let mut fetched = 0;
    for id in hub.missing(requeued) {
        let partition = id.partition;
        let Some(epoch) = epochs.get(&partition) else { continue };
        if hub.capacity(partition, *epoch).is_none_or(|(events, bytes)| events == 0 || bytes == 0) {
            continue;
        }
        if fetched == REQUEUED_AT_A_TIME {
            return Ok(true);
        }
        fetched += 1;
        let letter = store::dead_letter::find(&reader, hub.number, id).await?;
        if let Some(letter) = letter.filter(|letter| letter.is_requeued) {
            hub.requeue(partition, *epoch, letter.entry, letter.attempts, letter.due);
        }
    }
    Ok(false)
}

fn drop_parts(hub: &Hub) {
    for (partition, epoch) in hub.epochs() {
        hub.remove_part(partition, epoch);
    }
}

/// Writes how far these partitions have come and lets other replicas have them.
async fn release(delivery: &Delivery, hub: &Hub, partitions: &[u32]) -> Result<(), Error> {
    let shared = &delivery.0;
    let _writing = shared.writing.lock().await;
    recorder::write_progress(delivery).await?;
    let epochs: BTreeMap<u32, i64> =
        hub.epochs().into_iter().filter(|(partition, _)| partitions.contains(partition)).collect();
    // First here, so that nothing is delivered that another replica may have already.
    for (partition, epoch) in &epochs {
        hub.remove_part(*partition, *epoch);
    }
    shared.db.write(ReadCommitted, (hub.number, epochs), store::position::release).await?;
    Ok(())
}

/// Gives back everything, when no stream is left. What cannot be given back now runs out.
async fn give_back(delivery: &Delivery, hub: &Hub) {
    let partitions: Vec<u32> = hub.epochs().into_keys().collect();
    let released = async {
        release(delivery, hub, &partitions).await?;
        let shared = &delivery.0;
        let stale = shared.clock.now().minus(ACKNOWLEDGEMENTS_FOR);
        let input = (hub.number, stale);
        shared.db.write(ReadCommitted, input, store::acknowledgement::delete_before).await?;
        shared
            .db
            .write(ReadCommitted, (hub.number, shared.replica.clone()), store::reader::delete)
            .await?;
        Ok::<_, Error>(())
    };
    if let Err(error) = released.await {
        warn!(
            subscription.number = hub.number,
            "cannot release the leases of a subscription: {error}"
        );
    }
    drop_parts(hub);
}
