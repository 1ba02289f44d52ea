//! The check of the invariants: of this database on one state of the data, and against the log.

use std::sync::Arc;

use souk_chassis::Report;
use souk_data::Db;

use crate::error::Error;
use crate::log::Log;
use crate::store;
use crate::store::audit::PartitionProgress;

/// Checks everything.
pub async fn check(db: Db, log: Arc<dyn Log>) -> Result<Report, Error> {
    let audit = db.snapshot(|snapshot| async move { store::audit::run(&snapshot).await }).await?;
    let mut report = audit.report;

    // After the positions were read, since the log only grows.
    let mut ends = Vec::new();
    for partition in 0..log.partitions() {
        ends.push(log.bounds(partition).await?.next);
    }
    for PartitionProgress { subscription, partition, progress } in audit.progress {
        let end = ends.get(partition as usize).copied().unwrap_or_default();
        if progress.end() > end {
            let detail =
                format!("it is finished up to {}, and the log ends at {end}", progress.end());
            report.add(
                "a place lies within the log",
                format!("{subscription}, partition {partition}"),
                detail,
            );
        }
    }
    Ok(report)
}
