//! Advances the time of all windows, and stores the positions of all subscriptions: many
//! acknowledgements, one write.

use std::sync::Arc;
use std::time::Duration;

use souk_chassis::Drain;
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::Timestamp;
use tokio::time::Instant;
use tracing::warn;

use super::Delivery;
use super::hub::Hub;
use crate::error::Error;
use crate::store;
use crate::store::checkpoint::Checkpoint;
use crate::window::Change;

/// How exact deadlines and waits are.
const TICK: Duration = Duration::from_millis(10);

/// After a failed write it is tried again after this long.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs until the process drains and the last subscription has given back what it had.
pub async fn record(delivery: Delivery, drain: Drain) -> Result<(), Error> {
    let mut due = Instant::now();
    loop {
        let hubs = delivery.hubs();
        if hubs.is_empty() {
            if drain.is_draining() {
                return Ok(());
            }
            tokio::select! {
                () = delivery.0.changed.notified() => {}
                () = drain.started() => {}
            }
            continue;
        }
        tokio::time::sleep(TICK).await;
        let now = delivery.0.clock.now();
        for hub in &hubs {
            hub.tick(now);
            if drain.is_draining() {
                hub.leave_detached();
            }
        }
        let dirty: Vec<(bool, bool)> = hubs.iter().map(|hub| hub.is_dirty()).collect();
        let is_dirty = dirty.iter().any(|(is_dirty, _)| *is_dirty);
        let is_urgent = dirty.iter().any(|(_, is_urgent)| *is_urgent);
        if Instant::now() < due || !is_dirty {
            continue;
        }
        due = Instant::now() + if is_urgent { TICK } else { delivery.0.config.progress() };
        let _writing = delivery.0.writing.lock().await;
        if let Err(error) = write_progress(&delivery).await {
            warn!("cannot store the positions of subscriptions: {error}");
            due = Instant::now() + PAUSE;
        }
    }
}

/// Writes what is unwritten. The caller has locked `writing`.
pub async fn write_progress(delivery: &Delivery) -> Result<(), Error> {
    let mut changes: Vec<(Arc<Hub>, u32, i64, Change)> = Vec::new();
    for hub in delivery.hubs() {
        for (partition, epoch, change) in hub.unwritten() {
            changes.push((hub.clone(), partition, epoch, change));
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    let now = delivery.0.clock.now();
    let checkpoints: Vec<Checkpoint> = changes
        .iter()
        .map(|(hub, partition, epoch, change)| Checkpoint {
            subscription: hub.number,
            partition: *partition,
            epoch: *epoch,
            change: change.clone(),
        })
        .collect();
    let written = delivery.0.db.write(ReadCommitted, (checkpoints, now), write).await;
    match written {
        Ok(accepted) => {
            for ((hub, partition, epoch, change), accepted) in changes.into_iter().zip(accepted) {
                if accepted {
                    count(&hub, &change);
                    hub.settle(partition, epoch, change, true);
                } else {
                    // The lease went to another replica, or the subscription was set to another
                    // position.
                    hub.remove_part(partition, epoch);
                    hub.poll();
                }
            }
            Ok(())
        }
        Err(error) => {
            for (hub, partition, epoch, change) in changes {
                hub.settle(partition, epoch, change, false);
            }
            Err(Error::from(error))
        }
    }
}

async fn write(
    tx: &Tx,
    (checkpoints, now): &(Vec<Checkpoint>, Timestamp),
) -> Result<Vec<bool>, souk_data::Error> {
    store::checkpoint::write(tx, checkpoints, *now).await
}

fn count(hub: &Hub, change: &Change) {
    if change.failed.is_empty() && change.dead.is_empty() {
        return;
    }
    let name = hub.subscription().name;
    let failed =
        metrics::counter!("souk_events_failed_deliveries_total", "subscription" => name.clone());
    failed.increment((change.failed.len() + change.dead.len()) as u64);
    metrics::counter!("souk_events_dead_letters_total", "subscription" => name)
        .increment(change.dead.len() as u64);
}
