//! The index of the methods: each is in `rpc/<method>.rs`.

mod list_recent_entries;
mod record_entry;

use souk_contract::Handlers;
use souk_data::Db;
use souk_types::Clock;

use crate::error::Error;

/// What the methods work with.
pub struct {{Name}}Rpc {
    pub db: Db,
    pub clock: Clock,
    pub most_per_user: u64,
}

impl Handlers for {{Name}}Rpc {
    type Error = Error;
}
