//! Whether the statements that are built once find their rows by an index. Tests look at the plan
//! of each on its first use, on either engine.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::value::Arg;
use crate::{Engine, Error, Reader};

static ARE_CHECKED: AtomicBool = AtomicBool::new(false);

/// Lets each kept statement that reads a whole table panic, in this process from now on. For tests.
pub fn check_plans() {
    ARE_CHECKED.store(true, Ordering::Relaxed);
}

/// Whether a statement was looked at, and may read a whole table.
#[derive(Debug)]
pub(crate) struct Plan {
    is_known: AtomicBool,
    reads_all: bool,
}

impl Plan {
    pub(crate) const fn new(reads_all: bool) -> Self {
        Plan { is_known: AtomicBool::new(false), reads_all }
    }

    /// Looks at the plan of a statement that is used for the first time, where plans are checked.
    ///
    /// # Panics
    /// When the statement reads a whole table.
    pub(crate) async fn check(
        &self,
        reader: &Reader,
        sql: &str,
        args: &[Arg<'_>],
    ) -> Result<(), Error> {
        if !ARE_CHECKED.load(Ordering::Relaxed)
            || self.reads_all
            || self.is_known.swap(true, Ordering::Relaxed)
        {
            return Ok(());
        }
        let plan = reader.explain(sql, args).await?;
        let scans = plan.iter().filter(|step| is_scan(reader.engine(), step)).collect::<Vec<_>>();
        // SQLite calls it a scan as well when it walks along the numbers of the rows.
        let is_walk = sql.contains(" LIMIT ") && !plan.iter().any(|step| step.contains("B-TREE"));
        assert!(
            scans.is_empty() || is_walk,
            "a statement on a hot path reads a whole table ({scans:?}); it lacks an index, or is \
             meant to, and then is made with `that_reads_all`: {sql}"
        );
        Ok(())
    }
}

/// Returns whether a step of a plan reads a table and no index. On PostgreSQL plans are made as if
/// that were forbidden, so that small tables are no excuse.
fn is_scan(engine: Engine, step: &str) -> bool {
    match engine {
        Engine::Sqlite => {
            let table = step.trim_start().strip_prefix("SCAN ");
            table.is_some_and(|table| !table.contains(' ') && !table.starts_with('('))
        }
        Engine::Postgres => step.contains("Seq Scan on "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_is_told_from_a_search() {
        assert!(is_scan(Engine::Sqlite, "SCAN orders"));
        for step in [
            "SEARCH orders USING INDEX sqlite_autoindex_orders_1 (order_id=?)",
            "SCAN orders USING COVERING INDEX orders_quarantined",
            "SCAN 3 CONSTANT ROWS",
            "SCAN (subquery-2)",
        ] {
            assert!(!is_scan(Engine::Sqlite, step), "{step}");
        }
        assert!(is_scan(Engine::Postgres, "  ->  Seq Scan on orders  (cost=0.00..1.00 rows=1)"));
        assert!(!is_scan(Engine::Postgres, "Index Scan using orders_pkey on orders"));
    }
}
