//! Places: how far each subscription has come in each partition, and which replica has the partition. Every write here that
//! speaks of progress is guarded by the epoch of the lease.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use souk_data::{Engine, Error, Reader, Row, Tx, args};
use souk_types::Timestamp;

use super::{dead_letter, retry, subscription};
use crate::progress::Progress;
use crate::subscription::Subscription;
use crate::window::Change;

/// How far a subscription has come in one partition.
#[derive(Clone, Debug)]
pub struct Place {
    pub partition: u32,
    pub progress: Progress,
    /// Whether what is stored makes sense. What does not is delivered again; the audit tells of it.
    pub is_readable: bool,
    owner: String,
    epoch: i64,
    lease_until: i64,
}

/// What a replica with consumers of a subscription wants.
#[derive(Clone, Debug)]
pub struct Leases {
    pub subscription: i64,
    pub replica: String,
    pub lease: Duration,
    /// What it believes to have: partitions and epochs.
    pub known: BTreeMap<u32, i64>,
    /// How many partitions the log has.
    pub partitions: u32,
}

/// What it has now.
#[derive(Debug, Default)]
pub struct Leased {
    /// The subscription as it is; none when it was deleted.
    pub subscription: Option<Subscription>,
    pub gained: Vec<Gained>,
    /// What it believed to have and has not.
    pub lost: Vec<(u32, i64)>,
    /// How many partitions it has more than its share.
    pub surplus: usize,
}

/// A partition that was leased now, and what is known of it.
#[derive(Debug)]
pub struct Gained {
    pub partition: u32,
    pub epoch: i64,
    pub progress: Progress,
    /// How often events failed, and when they are due, by offset.
    pub failures: HashMap<i64, (u32, Timestamp)>,
}

/// What is written about one partition.
#[derive(Clone, Debug)]
pub struct Step {
    pub subscription: i64,
    pub partition: u32,
    pub epoch: i64,
    pub change: Change,
}

/// Makes the places of a new subscription; `starts` holds the first offset of each partition.
pub async fn insert(tx: &Tx, subscription: i64, starts: &[i64]) -> Result<(), Error> {
    for (partition, start) in (0_u32..).zip(starts) {
        let sql = "INSERT INTO place (subscription, partition, next_offset, finished, owner, epoch, lease_until) \
                   VALUES ($1, $2, $3, $4, '', 0, 0) ON CONFLICT DO NOTHING";
        tx.execute(sql, args![subscription, partition, start, Vec::new()]).await?;
    }
    Ok(())
}

/// Returns the places of a subscription by partition.
pub async fn list(reader: &Reader, subscription: i64) -> Result<Vec<Place>, Error> {
    let sql = "SELECT partition, next_offset, finished, owner, epoch, lease_until FROM place WHERE subscription = $1 \
               ORDER BY partition";
    reader.query(sql, args![subscription]).await?.iter().map(read).collect()
}

async fn lock(tx: &Tx, subscription: i64) -> Result<Vec<Place>, Error> {
    let sql = format!(
        "SELECT partition, next_offset, finished, owner, epoch, lease_until FROM place WHERE subscription = $1 \
         ORDER BY partition{}",
        tx.lock_rows()
    );
    tx.query(&sql, args![subscription]).await?.iter().map(read).collect()
}

/// Renews the leases of a replica, and takes free partitions up to its share.
pub async fn lease(tx: &Tx, wanted: &Leases) -> Result<Leased, Error> {
    let Leases { subscription: number, replica, known, .. } = wanted;
    let Some(subscription) = subscription::find_by_number(tx, *number).await? else { return Ok(Leased::default()) };
    let now = now(tx).await?;
    let until = now.saturating_add(i64::try_from(wanted.lease.as_micros()).unwrap_or(i64::MAX));

    // A log that was given more partitions: nothing of them was seen.
    let places = lock(tx, *number).await?;
    let places = match places.len() < wanted.partitions as usize {
        true => {
            insert(tx, *number, &vec![0; wanted.partitions as usize]).await?;
            lock(tx, *number).await?
        }
        false => places,
    };

    let sql = "INSERT INTO reader (subscription, replica, until) VALUES ($1, $2, $3) \
               ON CONFLICT (subscription, replica) DO UPDATE SET until = excluded.until";
    tx.execute(sql, args![number, replica, until]).await?;
    tx.execute("DELETE FROM reader WHERE subscription = $1 AND until < $2", args![number, now]).await?;
    let readers = tx.query("SELECT replica FROM reader WHERE subscription = $1", args![number]).await?.len().max(1);
    let share = places.len().div_ceil(readers);

    let is_mine = |place: &Place| place.owner == *replica && known.get(&place.partition) == Some(&place.epoch);
    let mine = places.iter().filter(|place| is_mine(place)).count();
    let held: BTreeMap<u32, i64> =
        places.iter().filter(|place| is_mine(place)).map(|place| (place.partition, place.epoch)).collect();
    let sql = "UPDATE place SET lease_until = $1 WHERE subscription = $2 AND owner = $3";
    tx.execute(sql, args![until, number, replica]).await?;

    let mut gained = Vec::new();
    let is_free = |place: &Place| {
        !is_mine(place) && (place.owner.is_empty() || place.owner == *replica || place.lease_until < now)
    };
    for place in places.iter().filter(|place| is_free(place)).take(share.saturating_sub(mine)) {
        let epoch = place.epoch + 1;
        let sql =
            "UPDATE place SET owner = $1, epoch = $2, lease_until = $3 WHERE subscription = $4 AND partition = $5";
        tx.execute(sql, args![replica, epoch, until, number, place.partition]).await?;
        let failures = retry::list(tx, *number, place.partition).await?;
        gained.push(Gained { partition: place.partition, epoch, progress: place.progress.clone(), failures });
    }
    let lost = known.iter().filter(|(partition, _)| !held.contains_key(partition));
    let lost = lost.map(|(partition, epoch)| (*partition, *epoch)).collect();
    Ok(Leased { subscription: Some(subscription), gained, lost, surplus: mine.saturating_sub(share) })
}

/// Writes what became of events, where the lease still holds. Returns for each step whether it does.
pub async fn advance(tx: &Tx, steps: &[Step], now: Timestamp) -> Result<Vec<bool>, Error> {
    let mut accepted = Vec::with_capacity(steps.len());
    for Step { subscription, partition, epoch, change } in steps {
        let sql = "UPDATE place SET next_offset = $1, finished = $2 \
                   WHERE subscription = $3 AND partition = $4 AND epoch = $5";
        let (next, above) = (change.progress.next(), change.progress.encode_above());
        let is_held = tx.execute(sql, args![next, above, subscription, partition, epoch]).await? == 1;
        accepted.push(is_held);
        if !is_held {
            continue;
        }
        let failed: Vec<_> = change.failed.iter().filter(|(id, ..)| !id.is_requeued).collect();
        let failed: Vec<_> = failed.into_iter().map(|(id, attempts, due)| (id.offset, *attempts, *due)).collect();
        retry::set(tx, *subscription, *partition, &failed).await?;
        for (id, attempts, due) in change.failed.iter().filter(|(id, ..)| id.is_requeued) {
            dead_letter::fail(tx, *subscription, *partition, id.offset, *attempts, *due).await?;
        }
        let ended = change.recovered.iter().chain(change.dead.iter().map(|dead| &dead.id));
        let ended: Vec<i64> = ended.filter(|id| !id.is_requeued).map(|id| id.offset).collect();
        retry::delete(tx, *subscription, *partition, &ended).await?;
        for id in change.recovered.iter().filter(|id| id.is_requeued) {
            dead_letter::finish(tx, *subscription, *partition, id.offset, now).await?;
        }
        for dead in &change.dead {
            match dead.id.is_requeued {
                true => dead_letter::die_again(tx, *subscription, *partition, dead, now).await?,
                false => dead_letter::insert(tx, *subscription, *partition, dead, now).await?,
            }
        }
    }
    Ok(accepted)
}

/// Lets others have these partitions.
pub async fn release(tx: &Tx, subscription: i64, epochs: &HashMap<u32, i64>) -> Result<(), Error> {
    let mut epochs: Vec<_> = epochs.iter().collect();
    epochs.sort_unstable();
    for (partition, epoch) in epochs {
        let sql =
            "UPDATE place SET owner = '', lease_until = 0 WHERE subscription = $1 AND partition = $2 AND epoch = $3";
        tx.execute(sql, args![subscription, partition, epoch]).await?;
    }
    Ok(())
}

/// Notes that a replica has no consumers any more.
pub async fn leave(tx: &Tx, subscription: i64, replica: &str) -> Result<(), Error> {
    let sql = "DELETE FROM reader WHERE subscription = $1 AND replica = $2";
    tx.execute(sql, args![subscription, replica]).await.map(drop)
}

/// Frees the leases that an earlier process had. Only where there can be no other: a SQLite file has one process.
pub async fn free_all(tx: &Tx) -> Result<(), Error> {
    tx.execute("UPDATE place SET owner = '', lease_until = 0 WHERE owner <> ''", &[]).await?;
    tx.execute("DELETE FROM reader", &[]).await.map(drop)
}

/// Sets partitions to other offsets; whoever has leased the subscription loses it. Attempts start anew.
pub async fn seek(tx: &Tx, subscription: i64, offsets: &BTreeMap<u32, i64>) -> Result<(), Error> {
    lock(tx, subscription).await?;
    let sql = "UPDATE place SET owner = '', lease_until = 0, epoch = epoch + 1 WHERE subscription = $1";
    tx.execute(sql, args![subscription]).await?;
    for (partition, offset) in offsets {
        let sql = "UPDATE place SET next_offset = $1, finished = $2 WHERE subscription = $3 AND partition = $4";
        tx.execute(sql, args![offset, Vec::new(), subscription, partition]).await?;
        retry::delete_all(tx, subscription, *partition).await?;
    }
    Ok(())
}

/// The time by which leases run out: the database's own, where several replicas with several clocks share it.
async fn now(reader: &Reader) -> Result<i64, Error> {
    match reader.engine() {
        // Nobody else is there to take anything.
        Engine::Sqlite => Ok(0),
        Engine::Postgres => {
            let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS now";
            let row = reader.query_row(sql, &[]).await?;
            row.ok_or_else(|| Error::bug("a time without a row"))?.get("now")
        }
    }
}

fn read(row: &Row) -> Result<Place, Error> {
    let next = row.get("next_offset")?;
    let finished: Vec<u8> = row.get("finished")?;
    let progress = Progress::decode(next, &finished);
    let is_readable = progress.is_some();
    Ok(Place {
        partition: row.get("partition")?,
        progress: progress.unwrap_or_else(|| Progress::starting_at(next)),
        is_readable,
        owner: row.get("owner")?,
        epoch: row.get("epoch")?,
        lease_until: row.get("lease_until")?,
    })
}
