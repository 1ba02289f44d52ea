//! DropDeadLetters: forgets dead letters for good.

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use tonic::Request;

use super::EventsRpc;
use crate::error::Error;
use crate::{convert, store};

pub async fn handle(
    rpc: &EventsRpc,
    request: Request<pb::DropDeadLettersRequest>,
) -> Result<pb::DropDeadLettersResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let number = rpc.find(&request.subscription, &caller).await?.number;
    // What is no name of a dead letter is not there, and dropping that is no error.
    let ids: Vec<_> = request.dead_letter_ids.iter().flat_map(|id| convert::dead_letter_id_of(id)).collect();
    if ids.is_empty() && !request.dead_letter_ids.is_empty() {
        return Ok(pb::DropDeadLettersResponse { dropped: 0 });
    }

    let dropped = rpc.0.db.write_locked(move |tx| {
        let ids = ids.clone();
        async move { store::dead_letter::delete(&tx, number, &ids).await }
    });
    Ok(pb::DropDeadLettersResponse { dropped: i64::try_from(dropped.await?).unwrap_or(i64::MAX) })
}
