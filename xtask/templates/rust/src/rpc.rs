//! The index of the methods: each is in `rpc/<method>.rs`.

mod list_recent_entries;
mod record_entry;

use souk_contract::{FieldError, Handlers};
use souk_data::Db;
use souk_types::{Clock, CustomerId};

use crate::error::Error;

/// What the methods work with.
pub struct {{Name}}Rpc {
    pub db: Db,
    pub clock: Clock,
    pub most_per_customer: u64,
}

impl Handlers for {{Name}}Rpc {
    type Error = Error;
}

/// Reads the customer of a request, which the chassis has written there.
fn customer(id: &str) -> Result<CustomerId, FieldError> {
    id.parse().map_err(|error: souk_types::IdError| FieldError::new("customer_id", error))
}
