//! All SQL of orders. Nothing outside this folder knows a table.

mod audit;
mod entry;
pub mod follow;
mod orders;
mod read;
mod sagas;
mod start;

use souk_data::page::PageTokens;
use souk_data::{Db, Migration, Schema};

pub use audit::Finding;
pub use orders::{Created, NewOrder, RequestKey};
pub use read::{Change, Filter, Page};
pub(crate) use sagas::effective_time;
pub use sagas::{After, Effect, Lease, Quarantined, Record, Recorded, Saga};
pub use start::{Start, Started};

/// The schema of the orders database.
pub static SCHEMA: Schema = Schema {
    name: "orders",
    migrations: &[
        Migration {
            version: 1,
            name: "orders",
            sqlite: concat!(
                include_str!("../migrations/sqlite/0001_orders.sql"),
                include_str!("../migrations/sqlite/0001_append_only.sql")
            ),
            postgres: concat!(
                include_str!("../migrations/postgres/0001_orders.sql"),
                include_str!("../migrations/postgres/0001_append_only.sql")
            ),
        },
        Migration {
            version: 2,
            name: "lines and returns",
            sqlite: include_str!("../migrations/sqlite/0002_lines_and_returns.sql"),
            postgres: include_str!("../migrations/postgres/0002_lines_and_returns.sql"),
        },
    ],
};

/// Holds the orders database.
#[derive(Clone)]
pub struct Store {
    db: Db,
}

impl Store {
    /// Returns the store on this database.
    pub fn new(db: Db) -> Self {
        Store { db }
    }

    /// Returns what issues and opens page and resume tokens.
    pub fn tokens(&self) -> &PageTokens {
        self.db.page_tokens()
    }
}
