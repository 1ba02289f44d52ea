//! The invariants of this database in every committed state, and the number of rows checked.

use sea_orm::entity::prelude::*;
use sea_orm::{FromQueryResult, raw_sql};
use souk_chassis::Report;
use souk_data::Reader;

use super::{dead_letter, log_event, position, retry, subscription};
use crate::error::Error;
use crate::progress::Progress;
use crate::subscription::Subscription;

/// How many subscriptions are read at a time.
const SUBSCRIPTIONS_AT_A_TIME: i64 = 500;

/// What an audit saw.
#[derive(Default)]
pub struct Audit {
    pub report: Report,
    /// How far each subscription has come, to be compared with the log.
    pub progress: Vec<PartitionProgress>,
}

/// How far a subscription has come in one partition.
pub struct PartitionProgress {
    pub subscription: String,
    pub partition: u32,
    pub progress: Progress,
}

/// Checks all of it on one state of the data.
pub async fn run(snapshot: &Reader) -> Result<Audit, Error> {
    let mut audit = Audit::default();
    gaps(snapshot, &mut audit.report).await?;
    orphans(snapshot, &mut audit.report).await?;
    let mut subscriptions = 0;
    let mut last = String::new();
    loop {
        let page = subscription::list(snapshot, None, &last, SUBSCRIPTIONS_AT_A_TIME).await?;
        let Some(end) = page.last() else { break };
        last = end.name.clone();
        subscriptions += page.len() as i64;
        for subscription in page {
            positions(snapshot, subscription, &mut audit).await?;
        }
    }
    audit.report.count("subscriptions", subscriptions);
    count(snapshot, &mut audit.report).await?;
    Ok(audit)
}

/// What a partition of the log says that it holds, and what it does hold.
#[derive(FromQueryResult)]
struct Partition {
    partition: i64,
    first_offset: i64,
    next_offset: i64,
    events: i64,
    first_event: i64,
    after_last: i64,
}

/// **Invariant:** the events of a partition are there without a gap from its first offset to before
/// its next.
async fn gaps(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    // SQL, since each partition is compared with an aggregate of its events.
    let partitions = Partition::find_by_statement(raw_sql!(
        Postgres,
        "SELECT p.partition AS partition, first_offset, next_offset,
             CAST(count(e.log_offset) AS BIGINT) AS events,
             CAST(coalesce(min(e.log_offset), first_offset) AS BIGINT) AS first_event,
             CAST(coalesce(max(e.log_offset) + 1, next_offset) AS BIGINT) AS after_last
         FROM log_partition p LEFT JOIN log_event e ON e.partition = p.partition
         GROUP BY p.partition, first_offset, next_offset ORDER BY p.partition"
    ));
    for row in partitions.all(snapshot).await? {
        let Partition { partition, first_offset: first, next_offset: next, events, .. } = row;
        if (events, row.first_event, row.after_last) != (next - first, first, next) {
            let detail = format!("it counts from {first} to {next} and has {events} events");
            report.add("the log has no gap", format!("partition {partition}"), detail);
        }
    }
    Ok(())
}

/// Rows of one table that belong to a subscription that is not there.
#[derive(FromQueryResult)]
struct Orphans {
    what: String,
    subscription: i64,
    orphans: i64,
}

/// **Invariant:** what belongs to a subscription belongs to one that is there.
async fn orphans(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    // SQL, since it is one question about three tables.
    let found = Orphans::find_by_statement(raw_sql!(
        Postgres,
        "SELECT what, subscription, CAST(count(*) AS BIGINT) AS orphans
         FROM (SELECT 'place' AS what, subscription FROM place
               UNION ALL SELECT 'retry' AS what, subscription FROM retry
               UNION ALL SELECT 'dead_letter' AS what, subscription FROM dead_letter) AS belongings
         WHERE subscription NOT IN (SELECT number FROM subscription) GROUP BY what, subscription LIMIT 1000"
    ));
    for Orphans { what, subscription, orphans } in found.all(snapshot).await? {
        let detail = format!("{orphans} of subscription {subscription}, which is not there");
        report.add("everything belongs to a subscription", what, detail);
    }
    Ok(())
}

/// **Invariant:** a position can be read, and no event is both finished and waiting for another
/// try.
async fn positions(
    snapshot: &Reader,
    subscription: Subscription,
    audit: &mut Audit,
) -> Result<(), Error> {
    let Subscription { number, name, .. } = subscription;
    for found in position::list(snapshot, number).await? {
        let partition = found.partition;
        let progress = found.progress;
        let subject = format!("{name}, partition {partition}");
        if !found.is_readable {
            audit.report.add(
                "a place can be read",
                &subject,
                "what is finished above it cannot be read",
            );
        }
        for (offset, (attempts, _)) in retry::list(snapshot, number, partition).await? {
            if progress.contains(offset) {
                let detail = format!("event {offset} failed {attempts} times and is finished");
                audit.report.add("no event is both finished and waiting", &subject, detail);
            }
        }
        audit.progress.push(PartitionProgress { subscription: name.clone(), partition, progress });
    }
    Ok(())
}

async fn count(snapshot: &Reader, report: &mut Report) -> Result<(), Error> {
    let dead =
        dead_letter::Entity::find().filter(dead_letter::Column::State.eq(dead_letter::State::Dead));
    report.count("events", log_event::Entity::find().count(snapshot).await? as i64);
    report.count("places", position::Entity::find().count(snapshot).await? as i64);
    report.count(
        "events that wait for another try",
        retry::Entity::find().count(snapshot).await? as i64,
    );
    report.count("dead letters", dead.count(snapshot).await? as i64);
    Ok(())
}
