//! RecordEntry: records an entry of a customer, once per request id, and publishes it.

use souk_client::{{package}}::v1 as pb;
use souk_client::{{package}}::v1::{{package}}_service::RecordEntry;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};

use super::{{Name}}Rpc;
use crate::entry::Model;
use crate::error::Error;
use crate::{events, store};

impl Handle<RecordEntry> for {{Name}}Rpc {
    async fn handle(
        &self,
        mut call: Call<pb::RecordEntryRequest>,
    ) -> Result<pb::RecordEntryResponse, Error> {
        let customer = super::customer(&call.request.customer_id)?;
        let once = RequestKey::of::<RecordEntry>(&mut call);
        let entry = Model::new(customer, call.request.text, self.clock.now());
        self.db.write_once(once, Serializable, (entry, self.most_per_customer), record).await
    }
}

async fn record(tx: &Tx, (entry, most): &(Model, u64)) -> Result<pb::RecordEntryResponse, Error> {
    Model::check_limit(store::count(tx, entry.customer_id).await?, *most)?;
    store::insert(tx, entry.clone()).await?;
    events::entry_recorded(tx, entry).await?;
    Ok(pb::RecordEntryResponse { entry: Some(entry.into()) })
}
