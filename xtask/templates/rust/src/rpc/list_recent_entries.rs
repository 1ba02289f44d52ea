//! ListRecentEntries: returns the entries of a customer, the newest first.

use souk_client::{{package}}::v1 as pb;
use souk_client::{{package}}::v1::{{package}}_service::ListRecentEntries;
use souk_contract::{Call, Handle};

use super::{{Name}}Rpc;
use crate::error::Error;
use crate::{entry, store};

impl Handle<ListRecentEntries> for {{Name}}Rpc {
    async fn handle(
        &self,
        call: Call<pb::ListRecentEntriesRequest>,
    ) -> Result<pb::ListRecentEntriesResponse, Error> {
        let customer = super::customer(&call.request.customer_id)?;
        let most = entry::listed(call.request.max_entries);
        let entries = store::recent(&self.db.read(), customer, most).await?;
        Ok(pb::ListRecentEntriesResponse { entries: entries.iter().map(Into::into).collect() })
    }
}
