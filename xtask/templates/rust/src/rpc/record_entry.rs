//! RecordEntry: writes down an entry of the caller, once per request id, and tells the others.

use std::mem;

use souk_client::{{package}}::v1 as pb;
use souk_client::{{package}}::v1::{{package}}_service::RecordEntry;
use souk_contract::{Call, Handle};
use souk_data::RequestKey;

use super::{{Name}}Rpc;
use crate::entry::Entry;
use crate::error::Error;
use crate::{events, store};

impl Handle<RecordEntry> for {{Name}}Rpc {
    async fn handle(&self, call: Call<pb::RecordEntryRequest>) -> Result<pb::RecordEntryResponse, Error> {
        let mut request = call.request;
        let request_id = mem::take(&mut request.request_id);
        let once =
            RequestKey::new(call.caller.key(), "/souk.{{package}}.v1.{{Name}}Service/RecordEntry", request_id, &request);
        let asked = Entry::new(call.caller.id(), request.text, self.clock.now());
        let most = self.most_per_user;

        let recorded = self.db.write_once(once, move |tx| {
            let asked = asked.clone();
            async move {
                let present = store::count(&tx, &asked.user_id).await?;
                let entry = asked.admit(present, most)?;
                store::insert(&tx, &entry).await?;
                events::entry_recorded(&tx, &entry).await?;
                Ok(pb::RecordEntryResponse { entry: Some((&entry).into()) })
            }
        });
        recorded.await
    }
}
