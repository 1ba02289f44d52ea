//! Keeps souk-data's own tables bounded, in small writes that do not delay others.

use std::time::Duration;

use souk_types::Timestamp;

use crate::{Db, Error, Isolation, Tx, inbox, operation, request};

/// The most rows one write deletes.
const CHUNK: i64 = 500;

/// The most writes one call makes for one table.
const CHUNKS: usize = 100;

/// Tells how many rows were deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    pub requests: u64,
    pub outbox: u64,
    pub inbox: u64,
    pub operations: u64,
    /// Whether the call stopped at its limit and the next one will find more.
    pub more: bool,
}

impl Db {
    /// Deletes idempotency records older than 7 days, inbox records older than 30, and operations
    /// that ended more than 30 days ago. Events that wait for the bus are never deleted, unless
    /// `outbox_days` says so. A call deletes at most 50,000 rows a table.
    pub async fn purge(&self, now: Timestamp) -> Result<Purged, Error> {
        let mut purged = Purged::default();
        let mut deleted = [0; 3];
        let limits = [
            ("souk_requests", request::KEPT_DAYS),
            ("souk_outbox", self.outbox_days()),
            ("souk_inbox", inbox::KEPT_DAYS),
        ];
        for (index, (table, days)) in limits.into_iter().enumerate() {
            if days == 0 {
                continue;
            }
            let before = now.minus(Duration::from_secs(u64::from(days) * 24 * 60 * 60));
            let mut chunks = 0;
            loop {
                let count = self.purge_chunk(table, before).await?;
                deleted[index] += count;
                chunks += 1;
                if count < CHUNK as u64 {
                    break;
                }
                if chunks == CHUNKS {
                    purged.more = true;
                    break;
                }
            }
        }
        [purged.requests, purged.outbox, purged.inbox] = deleted;
        let days = u64::from(operation::KEPT_DAYS);
        let before = now.minus(Duration::from_secs(days * 24 * 60 * 60));
        purged.operations =
            self.write(Isolation::ReadCommitted, (before, CHUNK), operation::purge).await?;
        purged.more |= purged.operations == CHUNK as u64;
        Ok(purged)
    }

    /// Deletes what is too old among the first rows of a table. Rows are numbered in the order of
    /// their making, so what is behind a young row is young as well, but for the little by which
    /// clocks and commits differ.
    async fn purge_chunk(&self, table: &'static str, before: Timestamp) -> Result<u64, Error> {
        self.write(Isolation::ReadCommitted, (table, before), delete_chunk).await
    }
}

async fn delete_chunk(tx: &Tx, (table, before): &(&'static str, Timestamp)) -> Result<u64, Error> {
    let sql = format!(
        "DELETE FROM {table} WHERE seq IN (SELECT seq FROM {table} ORDER BY seq LIMIT $1) AND created_time < $2"
    );
    tx.execute(&sql, args!(CHUNK, before)).await
}
