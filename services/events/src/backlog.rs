//! The current backlog of a subscription: what is stored, and what this replica knows beyond that.

use std::time::Duration;

use souk_data::Db;
use souk_types::Clock;

use crate::convert::Backlog;
use crate::delivery::Delivery;
use crate::error::Error;
use crate::log::{Bounds, Log};
use crate::store;

/// Returns what every partition holds.
pub async fn bounds(log: &dyn Log) -> Result<Vec<Bounds>, Error> {
    let mut bounds = Vec::new();
    for partition in 0..log.partitions() {
        bounds.push(log.bounds(partition).await?);
    }
    Ok(bounds)
}

/// Returns the backlog of a subscription in a log of these bounds.
pub async fn of(
    db: &Db,
    bounds: &[Bounds],
    delivery: &Delivery,
    number: i64,
) -> Result<Backlog, Error> {
    let reader = db.read();
    let hub = delivery.find(number);
    // What is acknowledged here and not written yet counts.
    let here = hub.as_ref().map(|hub| hub.progress()).unwrap_or_default();
    let outstanding = hub.map(|hub| hub.outstanding()).unwrap_or_default();
    let mut backlog = Backlog {
        outstanding,
        dead_letters: store::dead_letter::count(&reader, number).await?,
        ..Backlog::default()
    };
    for position in store::position::list(&reader, number).await? {
        let progress =
            here.get(&position.partition).filter(|here| here.next() >= position.progress.next());
        let progress = progress.unwrap_or(&position.progress);
        backlog.positions.push((position.partition, progress.next()));
        if let Some(Bounds { earliest, next }) = bounds.get(position.partition as usize) {
            backlog.lag += progress.unfinished(*earliest, *next);
        }
    }
    Ok(backlog)
}

/// Returns the age of the oldest unfinished event: of those held here, or, if the log knows, of
/// all. Zero when there is none.
pub async fn oldest_age(
    log: &dyn Log,
    delivery: &Delivery,
    clock: &Clock,
    number: i64,
    backlog: &Backlog,
) -> Result<Duration, Error> {
    if backlog.lag == 0 {
        return Ok(Duration::ZERO);
    }
    let mut oldest = delivery.find(number).and_then(|hub| hub.oldest());
    for (partition, next) in &backlog.positions {
        let time = log.publish_time(*partition, *next).await?;
        oldest = [oldest, time].into_iter().flatten().min();
    }
    Ok(oldest.map(|oldest| clock.now().since(oldest)).unwrap_or_default())
}
