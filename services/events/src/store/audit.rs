//! What must hold in this database at every committed moment, and how much there is of everything.

use souk_data::{Reader, args};

use super::place::Place;
use crate::error::Error;
use crate::progress::Progress;

/// The most findings of one audit.
pub const MOST_FINDINGS: usize = 1000;

/// Something that does not hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    pub invariant: &'static str,
    pub subject: String,
    pub detail: String,
}

/// What an audit saw.
#[derive(Debug, Default)]
pub struct Audit {
    pub findings: Vec<Finding>,
    pub counts: Vec<(&'static str, i64)>,
    /// Every place, with the name of its subscription, to be held against the log.
    pub places: Vec<(String, u32, Progress)>,
}

/// **Invariant:** the events of a partition stand without a gap from its first offset to before its next.
const COUNTED: &str = "SELECT p.partition AS partition, first_offset, next_offset, CAST(count(e.log_offset) AS BIGINT) AS events, \
         CAST(coalesce(min(e.log_offset), first_offset) AS BIGINT) AS first_event, \
         CAST(coalesce(max(e.log_offset) + 1, next_offset) AS BIGINT) AS after_last \
     FROM log_partition p LEFT JOIN log_event e ON e.partition = p.partition \
     GROUP BY p.partition, first_offset, next_offset ORDER BY p.partition";

/// **Invariant:** what belongs to a subscription belongs to one that is there.
const ORPHANS: &str = "SELECT what, subscription, CAST(count(*) AS BIGINT) AS orphans \
     FROM (SELECT 'place' AS what, subscription FROM place UNION ALL SELECT 'retry' AS what, subscription FROM retry \
           UNION ALL SELECT 'dead_letter' AS what, subscription FROM dead_letter) AS belongings \
     WHERE subscription NOT IN (SELECT number FROM subscription) GROUP BY what, subscription LIMIT $1";

/// Checks all of it on one state of the data.
pub async fn run(reader: &Reader) -> Result<Audit, Error> {
    let mut audit = Audit::default();
    for row in reader.query(COUNTED, &[]).await? {
        let [partition, first, next, events, first_event, after_last] =
            ["partition", "first_offset", "next_offset", "events", "first_event", "after_last"]
                .map(|column| row.get::<i64>(column));
        let (first, next, events) = (first?, next?, events?);
        if (events, first_event?, after_last?) != (next - first, first, next) {
            let detail = format!("it counts from {first} to {next} and has {events} events");
            audit.add("the log has no gap", format!("partition {}", partition?), detail);
        }
    }
    for row in reader.query(ORPHANS, args![MOST_FINDINGS as i64]).await? {
        let (what, number): (String, i64) = (row.get("what")?, row.get("subscription")?);
        let detail = format!("{} of subscription {number}, which is not there", row.get::<i64>("orphans")?);
        audit.add("everything belongs to a subscription", what, detail);
    }
    let mut subscriptions = 0;
    let mut last = String::new();
    loop {
        let page = super::subscription::list(reader, None, &last, 500).await?;
        let Some(end) = page.last() else { break };
        last = end.name.clone();
        subscriptions += page.len() as i64;
        for subscription in page {
            check_places(reader, subscription.number, &subscription.name, &mut audit).await?;
        }
    }
    audit.counts.push(("subscriptions", subscriptions));
    let counted = [
        ("events", "SELECT CAST(count(*) AS BIGINT) AS rows_there FROM log_event"),
        ("places", "SELECT CAST(count(*) AS BIGINT) AS rows_there FROM place"),
        ("events that wait for another try", "SELECT CAST(count(*) AS BIGINT) AS rows_there FROM retry"),
        ("dead letters", "SELECT CAST(count(*) AS BIGINT) AS rows_there FROM dead_letter WHERE state = 1"),
    ];
    for (what, sql) in counted {
        let row = reader.query_row(sql, &[]).await?;
        audit.counts.push((what, row.map(|row| row.get("rows_there")).transpose()?.unwrap_or_default()));
    }
    Ok(audit)
}

/// **Invariant:** a place can be read, and no event is both finished and waiting for another try.
async fn check_places(reader: &Reader, number: i64, name: &str, audit: &mut Audit) -> Result<(), Error> {
    for Place { partition, progress, is_readable, .. } in super::place::list(reader, number).await? {
        let subject = format!("{name}, partition {partition}");
        if !is_readable {
            audit.add("a place can be read", subject.clone(), "what is finished above it cannot be read".to_owned());
        }
        for (offset, (attempts, _)) in super::retry::list(reader, number, partition).await? {
            if progress.contains(offset) {
                let detail = format!("event {offset} failed {attempts} times and is finished");
                audit.add("no event is both finished and waiting", subject.clone(), detail);
            }
        }
        audit.places.push((name.to_owned(), partition, progress));
    }
    Ok(())
}

impl Audit {
    /// Notes something that does not hold.
    pub fn add(&mut self, invariant: &'static str, subject: String, detail: String) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding { invariant, subject, detail });
        }
    }
}
