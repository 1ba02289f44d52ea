//! All SQL of the ledger: accounts and the log of transfers, how a batch is written, and what is read back.

mod accounts;
mod audit;
mod gather;
mod history;
mod memory;
mod rows;
mod sql;
mod transfers;
mod turn;
mod write;

use std::path::Path;
use std::sync::Arc;

use souk_client::ledger::v1::CreateTransferStatus as Status;
use souk_data::{DataConfig, Db, Migration, Schema};
use souk_types::{Clock, Timestamp};

use crate::error::Error;
use crate::transfer::NewTransfer;
use gather::Gather;

pub use accounts::{AccountFilter, LedgerSums};
pub use audit::Audit;
pub use transfers::ListedTransfer;

/// How often a write that collided with another one on an id is decided anew.
const ATTEMPTS: u32 = 8;

const SCHEMA: Schema = Schema {
    name: "ledger",
    migrations: &[
        Migration {
            version: 1,
            name: "ledger",
            sqlite: include_str!("../migrations/sqlite/0001_ledger.sql"),
            postgres: include_str!("../migrations/postgres/0001_ledger.sql"),
        },
        Migration {
            version: 2,
            name: "one write after another",
            sqlite: include_str!("../migrations/sqlite/0002_book.sql"),
            postgres: include_str!("../migrations/postgres/0002_book.sql"),
        },
    ],
};

/// The ledger's database. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    db: Db,
    gather: Arc<Gather>,
}

impl Store {
    /// Opens the database and migrates it.
    pub async fn open(config: &DataConfig, data_dir: &Path, clock: Clock) -> Result<Self, Error> {
        let db = Db::open(config, data_dir, &SCHEMA, clock).await?;
        Ok(Store { gather: Arc::new(Gather::new(db.clone())), db })
    }

    /// Creates a batch of transfers; returns a status for each.
    pub async fn create_transfers(&self, batch: Vec<NewTransfer>, now: Timestamp) -> Result<Vec<Status>, Error> {
        Ok(self.gather.create(batch, now).await?)
    }

    /// Expires up to `limit` pending transfers whose timeout has passed. Returns how many were due.
    pub async fn expire_due(&self, now: Timestamp, limit: i64) -> Result<usize, Error> {
        Ok(self.gather.expire(now, limit).await?)
    }

    /// Returns the database, for backups and readiness.
    pub fn db(&self) -> &Db {
        &self.db
    }
}

/// Runs a write again when another one took an id of it in the meantime; then it sees what that one wrote.
async fn again_when_beaten<T, Fut>(write: impl Fn() -> Fut) -> Result<T, Error>
where
    Fut: Future<Output = Result<T, Error>>,
{
    for _ in 1..ATTEMPTS {
        match write().await {
            Err(Error::Database(error)) if error.is_unique_violation() => {}
            result => return result,
        }
    }
    write().await
}
