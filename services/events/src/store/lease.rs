//! Leases: which replica reads which partitions of a subscription. Each takes its share, and leaves
//! the rest to the others.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, raw_sql};
use souk_data::{Engine, Error, Reader, Tx};
use souk_types::Timestamp;

use super::position::{self, Position};
use super::{reader, retry, subscription};
use crate::progress::Progress;
use crate::subscription::Subscription;

/// What a replica with consumers of a subscription asks for.
#[derive(Clone, Debug)]
pub struct LeaseRequest {
    pub subscription: i64,
    pub replica: String,
    pub lease: Duration,
    /// The partitions that it believes to have, with their epochs.
    pub known: BTreeMap<u32, i64>,
    /// How many partitions the log has.
    pub partitions: u32,
}

/// What it has now.
#[derive(Debug, Default)]
pub struct Leases {
    /// The subscription as it is; none when it was deleted.
    pub subscription: Option<Subscription>,
    pub acquired: Vec<NewLease>,
    /// What it believed to have and has not.
    pub lost: Vec<(u32, i64)>,
    /// How many partitions it has more than its share.
    pub surplus: usize,
}

/// A partition that was leased now, and what is known of it.
#[derive(Debug)]
pub struct NewLease {
    pub partition: u32,
    pub epoch: i64,
    pub progress: Progress,
    /// How often events failed, and when they are due, by offset.
    pub failures: HashMap<i64, (u32, Timestamp)>,
}

/// Renews the leases of a replica, and takes free partitions up to its share.
pub async fn renew(tx: &Tx, request: &LeaseRequest) -> Result<Leases, Error> {
    let LeaseRequest { subscription: number, replica, known, .. } = request;
    let number = *number;
    let Some(subscription) = subscription::find_by_number(tx, number).await? else {
        return Ok(Leases::default());
    };
    let now = now(tx).await?;
    let until = now.plus(request.lease);

    let mut positions = position::lock(tx, number).await?;
    if positions.len() < request.partitions as usize {
        // A log that was given more partitions: nothing of them was seen.
        position::insert_missing(tx, number, &vec![0; request.partitions as usize]).await?;
        positions = position::lock(tx, number).await?;
    }

    let row = reader::Model { subscription: number, replica: replica.clone(), until };
    let readers = reader::renew(tx, row, now).await?.max(1);
    let share = positions.len().div_ceil(readers as usize);

    let is_mine = |position: &Position| {
        position.owner == *replica && known.get(&position.partition) == Some(&position.epoch)
    };
    let mine = positions.iter().filter(|position| is_mine(position)).count();
    position::extend(tx, number, replica, until).await?;

    let is_free = |position: &Position| {
        let is_released =
            position.owner.is_empty() || position.owner == *replica || position.lease_until < now;
        !is_mine(position) && is_released
    };
    let mut acquired = Vec::new();
    for position in
        positions.iter().filter(|position| is_free(position)).take(share.saturating_sub(mine))
    {
        let partition = position.partition;
        let epoch = position.epoch + 1;
        position::lease(tx, (number, partition, epoch), replica, until).await?;
        let failures = retry::list(tx, number, partition).await?;
        acquired.push(NewLease { partition, epoch, progress: position.progress.clone(), failures });
    }

    let mut lost = known.clone();
    lost.retain(|partition, _| {
        !positions.iter().any(|found| found.partition == *partition && is_mine(found))
    });
    let surplus = mine.saturating_sub(share);
    Ok(Leases {
        subscription: Some(subscription),
        acquired,
        lost: lost.into_iter().collect(),
        surplus,
    })
}

/// Frees the leases that an earlier process had. Only where there can be no other: a SQLite file
/// has one process.
pub async fn free_all(tx: &Tx, (): &()) -> Result<(), Error> {
    position::release_all(tx).await?;
    reader::Entity::delete_many().exec(tx).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Now {
    now: Timestamp,
}

/// The time by which leases run out: the database's own, where several replicas with several clocks
/// share it.
async fn now(reader: &Reader) -> Result<Timestamp, Error> {
    if reader.engine() == Engine::Sqlite {
        // There is no other replica to take anything.
        return Ok(Timestamp::from_micros(0));
    }
    // SQL, since the builder does not know the clock.
    let clock = raw_sql!(
        Postgres,
        "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS now"
    );
    let found = Now::find_by_statement(clock).one(reader).await?;
    found.map(|row| row.now).ok_or_else(|| Error::bug("a time without a row"))
}
