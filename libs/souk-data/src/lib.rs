//! A service's own database: one way to write (`db.write`), group commit on SQLite, SERIALIZABLE
//! with retries on PostgreSQL, idempotency records, outbox and inbox, migrations. It knows no
//! business and no gRPC.

#[macro_use]
mod value;

mod config;
mod db;
mod ddl;
mod error;
mod foreign;
pub mod inbox;
mod migrate;
mod once;
pub mod operation;
mod origin;
pub mod outbox;
mod own_tables;
pub mod page;
mod plan;
mod postgres;
mod prepared;
mod public;
mod purge;
mod reader;
pub mod request;
pub mod rows;
mod schema;
mod shop_file;
mod sqlite;
mod trouble;
#[cfg(feature = "unsynced-vfs")]
mod unsynced_vfs;
mod write;

pub use config::{DataConfig, Engine};
pub use db::Db;
pub use ddl::Ddl;
pub use error::Error;
pub use foreign::ForeignDatabase;
pub use origin::{TraceParent, set_trace_source};
pub use plan::check_plans;
pub use prepared::{Change, Find, Prepared, given, given_limit};
pub use purge::Purged;
pub use reader::{Reader, Tx};
pub use request::RequestKey;
pub use schema::{Migration, Schema};
pub use shop_file::{SHOP_FILE, ShopFile};
pub use value::{Arg, Cell, FromCell, Row, ToArg};
pub use write::{Isolation, WriteFn};
