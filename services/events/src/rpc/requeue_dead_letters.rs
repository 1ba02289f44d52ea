//! RequeueDeadLetters: delivers dead letters again.

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use tonic::Request;

use super::EventsRpc;
use crate::error::Error;
use crate::{convert, store};

pub async fn handle(
    rpc: &EventsRpc,
    request: Request<pb::RequeueDeadLettersRequest>,
) -> Result<pb::RequeueDeadLettersResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let found = rpc.find(&request.subscription, &caller).await?;
    let ids = convert::dead_letter_ids(&request.dead_letter_ids)?;
    let number = found.number;

    let requeued = rpc.0.db.write_locked(move |tx| {
        let (ids, name) = (ids.clone(), found.name.clone());
        async move {
            let found = store::subscription::lock(&tx, &name).await?;
            found.ok_or(Error::SubscriptionNotFound(name))?;
            let requeued = store::dead_letter::requeue(&tx, number, &ids).await?;
            requeued
                .map_err(|(partition, offset)| Error::DeadLetterNotFound(convert::dead_letter_id(partition, offset)))
        }
    });
    let requeued = requeued.await?;
    // Wherever the partition is leased, its replica looks for them within a second; here it does so now.
    if let Some(hub) = rpc.0.delivery.find(number) {
        hub.look();
    }
    Ok(pb::RequeueDeadLettersResponse { requeued: i64::try_from(requeued).unwrap_or(i64::MAX) })
}
