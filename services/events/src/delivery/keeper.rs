//! Keeps one subscription going at this replica: leases its share of the partitions, reads them into their windows, and gives
//! them back when the last stream has left.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use souk_data::Engine;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::warn;

use super::hub::Hub;
use super::{Delivery, recorder};
use crate::error::Error;
use crate::log::{Entry, LogReader};
use crate::store;
use crate::store::place::{Gained, Leases};
use crate::window::Window;

/// How much is read at once.
const READ_EVENTS: usize = 500;
const READ_BYTES: usize = 1 << 20;

/// The longest time between two looks at the leases. A file has no other replicas: there it is only for what is requeued and
/// found no room.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// After a failure it tries again after this long, doubled each time up to `LONGEST_PAUSE`.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The most dead letters that are fetched in one look.
const REQUEUED_AT_A_TIME: usize = 100;

/// Runs until the last stream has left and everything is given back.
pub async fn keep(delivery: Delivery, hub: Arc<Hub>) {
    let lease = delivery.0.config.lease();
    let is_shared = delivery.0.db.engine() == Engine::Postgres;
    let mut held_until = Instant::now() + lease;
    let mut pause = FIRST_PAUSE;
    while !delivery.try_close(&hub) {
        let began = Instant::now();
        let next = match look(&delivery, &hub).await {
            Ok(next) => {
                held_until = began + lease;
                if is_shared {
                    hub.hold_until(held_until);
                }
                pause = FIRST_PAUSE;
                next
            }
            Err(error) => {
                warn!(subscription.number = hub.number, "cannot renew the leases of a subscription: {error}");
                pause = (pause * 2).min(LONGEST_PAUSE);
                if is_shared && Instant::now() >= held_until {
                    // Another replica may have them by now.
                    drop_parts(&hub);
                }
                Some(pause)
            }
        };
        let interval = if is_shared { (lease / 4).min(LOOK_INTERVAL) } else { LONGEST_PAUSE };
        tokio::select! {
            () = hub.nudge.notified() => {}
            () = tokio::time::sleep(next.unwrap_or(interval).min(interval)) => {}
        }
    }
    give_back(&delivery, &hub).await;
    delivery.remove(&hub);
}

/// Renews what is leased, takes and gives what the shares say, and fetches what is to be delivered again. Returns when to look
/// again at the latest, if not at the usual time.
async fn look(delivery: &Delivery, hub: &Arc<Hub>) -> Result<Option<Duration>, Error> {
    let shared = &delivery.0;
    let wanted = Leases {
        subscription: hub.number,
        replica: shared.replica.clone(),
        lease: shared.config.lease(),
        known: hub.epochs(),
        partitions: shared.log.partitions(),
    };
    let leased = shared.db.write_locked(move |tx| {
        let wanted = wanted.clone();
        async move { store::place::lease(&tx, &wanted).await }
    });
    let leased = leased.await?;
    let subscription = match leased.subscription {
        Some(subscription) if subscription.revision == hub.subscription().revision => subscription,
        _ => {
            hub.end_streams(&Error::SubscriptionChanged(hub.subscription().name));
            drop_parts(hub);
            return Ok(None);
        }
    };
    hub.set(&subscription);
    for (partition, epoch) in leased.lost {
        hub.remove_part(partition, epoch);
    }
    for gained in leased.gained {
        begin(delivery, hub, gained);
    }
    let surplus = hub.leave_parts(leased.surplus, shared.config.lease());
    if !surplus.is_empty() {
        release(delivery, hub, &surplus).await?;
    }
    let is_more = fetch_requeued(delivery, hub).await?;
    let soon = is_more || leased.surplus > surplus.len();
    Ok(soon.then_some(FIRST_PAUSE))
}

/// Begins to read a partition that was leased.
fn begin(delivery: &Delivery, hub: &Arc<Hub>, gained: Gained) {
    let Gained { partition, epoch, progress, failures } = gained;
    let settings = hub.subscription().settings;
    let from = progress.next();
    let window = Window::new(settings.event_types, settings.retries, progress, failures);
    let room = Arc::new(Notify::new());
    // It starts with the permit of a window that has room, once the window is there.
    let pump = tokio::spawn(pump(delivery.clone(), hub.clone(), partition, epoch, from, room.clone()));
    hub.add_part(partition, epoch, window, room.clone(), pump.abort_handle());
    room.notify_one();
}

/// Reads a partition into its window, as far as there is room, until its lease is over.
async fn pump(delivery: Delivery, hub: Arc<Hub>, partition: u32, epoch: i64, from: i64, room: Arc<Notify>) {
    room.notified().await;
    let mut reader: Option<LogReader> = None;
    let mut position = from;
    let mut pause = FIRST_PAUSE;
    loop {
        let Some((events, bytes)) = hub.room(partition, epoch) else { return };
        // Some room at once is better than a little at a time.
        let config = &delivery.0.config;
        if events < (config.window_events / 4).min(READ_EVENTS) || bytes < (config.window_bytes / 4).min(READ_BYTES) {
            room.notified().await;
            continue;
        }
        let (events, bytes) = (events.min(READ_EVENTS), bytes.min(READ_BYTES));
        match read(&delivery, &mut reader, partition, position, events, bytes).await {
            Ok(entries) => {
                pause = FIRST_PAUSE;
                position = entries.last().map_or(position, |last| last.offset + 1);
                if !hub.push(partition, epoch, entries) {
                    return;
                }
            }
            Err(error) => {
                warn!(log.partition = partition, "cannot read the log: {error}");
                reader = None;
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

async fn read(
    delivery: &Delivery,
    reader: &mut Option<LogReader>,
    partition: u32,
    position: i64,
    events: usize,
    bytes: usize,
) -> Result<Vec<Entry>, Error> {
    if reader.is_none() {
        *reader = Some(delivery.0.log.reader(partition, position).await?);
    }
    let reader = reader.as_mut().expect("it was just opened");
    Ok(reader.next(events, bytes).await?)
}

/// Fetches dead letters that are to be delivered again, as far as windows have room. Returns whether there are more that have.
async fn fetch_requeued(delivery: &Delivery, hub: &Hub) -> Result<bool, Error> {
    let reader = delivery.0.db.read();
    let requeued = store::dead_letter::requeued(&reader, hub.number).await?;
    let epochs = hub.epochs();
    let mut fetched = 0;
    for (partition, offset) in hub.missing(requeued) {
        let Some(epoch) = epochs.get(&partition) else { continue };
        if hub.room(partition, *epoch).is_none_or(|(events, bytes)| events == 0 || bytes == 0) {
            continue;
        }
        if fetched == REQUEUED_AT_A_TIME {
            return Ok(true);
        }
        fetched += 1;
        let letter = store::dead_letter::find(&reader, hub.number, partition, offset).await?;
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
    let epochs: HashMap<u32, i64> =
        hub.epochs().into_iter().filter(|(partition, _)| partitions.contains(partition)).collect();
    // First here, so that nothing is delivered that another replica may have already.
    for (partition, epoch) in &epochs {
        hub.remove_part(*partition, *epoch);
    }
    let number = hub.number;
    let released = shared.db.write_locked(move |tx| {
        let epochs = epochs.clone();
        async move { store::place::release(&tx, number, &epochs).await }
    });
    Ok(released.await?)
}

/// Gives back everything, when no stream is left. What cannot be given back now runs out.
async fn give_back(delivery: &Delivery, hub: &Hub) {
    let partitions: Vec<u32> = hub.epochs().into_keys().collect();
    let released = async {
        release(delivery, hub, &partitions).await?;
        let (number, replica) = (hub.number, delivery.0.replica.clone());
        let left = delivery.0.db.write_locked(move |tx| {
            let replica = replica.clone();
            async move { store::place::leave(&tx, number, &replica).await }
        });
        Ok::<_, Error>(left.await?)
    };
    if let Err(error) = released.await {
        warn!(subscription.number = hub.number, "cannot give back the leases of a subscription: {error}");
    }
    drop_parts(hub);
}
