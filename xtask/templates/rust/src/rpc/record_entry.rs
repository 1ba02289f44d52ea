//! RecordEntry: writes down an entry of the caller, once per request id, and tells the others.

use souk_chassis::Caller;
use souk_client::{{package}}::v1 as pb;
use souk_data::RequestKey;
use tonic::Request;

use super::{{Name}}Rpc;
use crate::entry::{Entry, EntryId};
use crate::error::Error;
use crate::{events, store};

const METHOD: &str = "/souk.{{package}}.v1.{{Name}}Service/RecordEntry";

pub async fn handle(
    rpc: &{{Name}}Rpc,
    request: Request<pb::RecordEntryRequest>,
) -> Result<pb::RecordEntryResponse, Error> {
    let (caller, now, most) = (Caller::of(&request), rpc.clock.now(), rpc.most_per_user);
    let mut request = request.into_inner();
    let request_id = std::mem::take(&mut request.request_id);
    let key = RequestKey::new(caller.key(), METHOD.to_owned(), request_id, &request);
    let asked = Entry { id: EntryId::new(now), user_id: caller.id().to_owned(), text: request.text, create_time: now };

    rpc.db
        .write_once(key, move |tx| {
            let asked = asked.clone();
            async move {
                let present = store::count(&tx, &asked.user_id).await?;
                let entry = asked.admit(present, most)?;
                store::insert(&tx, &entry).await?;
                events::entry_recorded(&tx, &entry).await?;
                Ok(pb::RecordEntryResponse { entry: Some((&entry).into()) })
            }
        })
        .await
}
