//! All SQL of payments. Nothing outside this folder knows a table. (The simulator's book is its own: `provider/simulator/book.rs`.)

mod audit;
mod begin;
mod finish;
mod read;
mod rows;

use std::time::Duration;

use souk_data::page::PageTokens;
use souk_data::{Db, Migration, Schema};
use souk_types::Clock;

use crate::attempt::Attempt;
use crate::payment::Payment;

pub use audit::Audited;
pub use begin::{Begun, Command};
pub use read::Page;

/// What the payments database must look like.
pub const SCHEMA: Schema = Schema {
    name: "payments",
    migrations: &[Migration {
        version: 1,
        name: "payments",
        sqlite: include_str!("../migrations/sqlite/0001_payments.sql"),
        postgres: include_str!("../migrations/postgres/0001_payments.sql"),
    }],
};

/// The payments database. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    db: Db,
    clock: Clock,
    /// How long whoever claims an operation may be silent.
    lease: Duration,
}

/// The right to carry out one attempt. **Invariant:** at most one claim of a payment is good; its epoch tells it from earlier ones,
/// and every write that ends it names the epoch.
#[derive(Clone, Debug)]
pub struct Claim {
    pub payment: Payment,
    pub attempt: Attempt,
    pub epoch: i64,
    /// Whether the attempt may have been sent before.
    pub is_resumed: bool,
}

/// The slot of a payment: free, claimed until its due time, or left without an end.
const FREE: i64 = 0;
const CLAIMED: i64 = 1;
const LEFT: i64 = 2;

impl Store {
    /// Returns the store over this database.
    pub fn new(db: Db, lease: Duration, clock: Clock) -> Self {
        Store { db, clock, lease }
    }

    /// Returns what issues and opens page tokens.
    pub fn tokens(&self) -> &PageTokens {
        self.db.page_tokens()
    }
}
