//! ListRecentEntries: answers the caller's own entries, the newest first.

use souk_chassis::Caller;
use souk_client::{{package}}::v1 as pb;
use tonic::Request;

use super::{{Name}}Rpc;
use crate::error::Error;
use crate::{entry, store};

pub async fn handle(
    rpc: &{{Name}}Rpc,
    request: Request<pb::ListRecentEntriesRequest>,
) -> Result<pb::ListRecentEntriesResponse, Error> {
    let (caller, most) = (Caller::of(&request), entry::listed(request.get_ref().max_entries));
    let entries = store::recent(&rpc.db.read(), caller.id(), most).await?;
    Ok(pb::ListRecentEntriesResponse { entries: entries.iter().map(Into::into).collect() })
}
