//! Domain to proto; what the contract has checked is not checked again.

use souk_client::{{package}}::v1 as pb;

use crate::entry::Model;

impl From<&Model> for pb::Entry {
    fn from(entry: &Model) -> Self {
        pb::Entry {
            entry_id: entry.entry_id.to_string(),
            customer_id: entry.customer_id.to_string(),
            text: entry.text.clone(),
            create_time: Some(entry.create_time.into()),
        }
    }
}
