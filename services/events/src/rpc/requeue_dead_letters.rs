//! RequeueDeadLetters: delivers dead letters again.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::RequeueDeadLetters;
use souk_contract::{Call, Handle};

use super::EventsRpc;
use crate::error::Error;
use crate::{convert, store};

/// How many one write requeues when all are.
const AT_A_TIME: i64 = 500;

impl Handle<RequeueDeadLetters> for EventsRpc {
    async fn handle(&self, call: Call<pb::RequeueDeadLettersRequest>) -> Result<pb::RequeueDeadLettersResponse, Error> {
        let request = call.request;
        let found = self.find(&request.subscription, &call.caller).await?;
        let ids = convert::dead_letter_ids(&request.dead_letter_ids)?;
        let number = found.number;

        let requeued = match ids.is_empty() {
            true => requeue_all(self, number).await?,
            false => requeue(self, found.name, number, ids).await?,
        };
        // Wherever the partition is leased, its replica looks for them within a second; here it does so now.
        if let Some(hub) = self.0.delivery.find(number) {
            hub.look();
        }
        Ok(pb::RequeueDeadLettersResponse { requeued: i64::try_from(requeued).unwrap_or(i64::MAX) })
    }
}

/// Requeues those that are named, all or none.
async fn requeue(rpc: &EventsRpc, name: String, number: i64, ids: Vec<(u32, i64)>) -> Result<u64, Error> {
    let requeued = rpc.0.db.write_locked(move |tx| {
        let (ids, name) = (ids.clone(), name.clone());
        async move {
            let found = store::subscription::lock(&tx, &name).await?;
            found.ok_or(Error::SubscriptionNotFound(name))?;
            let requeued = store::dead_letter::requeue(&tx, number, &ids).await?;
            requeued
                .map_err(|(partition, offset)| Error::DeadLetterNotFound(convert::dead_letter_id(partition, offset)))
        }
    });
    requeued.await
}

/// Requeues all there are, some at a time, so that the writes of others come in between.
async fn requeue_all(rpc: &EventsRpc, number: i64) -> Result<u64, Error> {
    let mut requeued = 0;
    loop {
        let some = move |tx| async move { store::dead_letter::requeue_oldest(&tx, number, AT_A_TIME).await };
        let count = rpc.0.db.write_locked(some).await?;
        requeued += count;
        if count < AT_A_TIME as u64 {
            return Ok(requeued);
        }
    }
}
