//! RequeueDeadLetters: delivers dead letters again.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::RequeueDeadLetters;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;

use super::EventsRpc;
use crate::dead_letter::DeadLetterId;
use crate::error::Error;
use crate::subscription::Subscription;
use crate::{convert, store};

/// How many one write requeues when all are.
const AT_A_TIME: u64 = 500;

impl Handle<RequeueDeadLetters> for EventsRpc {
    async fn handle(
        &self,
        call: Call<pb::RequeueDeadLettersRequest>,
    ) -> Result<pb::RequeueDeadLettersResponse, Error> {
        let request = call.request;
        let found = self.find(&request.subscription_id, &call.caller).await?;
        let ids = convert::dead_letter_ids(&request.dead_letter_ids)?;
        let number = found.number;

        let requeued = if ids.is_empty() {
            requeue_all(self, number).await?
        } else {
            self.0.db.write(ReadCommitted, (found, ids), requeue).await?
        };
        // Wherever the partition is leased, its replica polls for them within a second; here it
        // does so now.
        if let Some(hub) = self.0.delivery.find(number) {
            hub.poll();
        }
        let requeued_count = i64::try_from(requeued).unwrap_or(i64::MAX);
        Ok(pb::RequeueDeadLettersResponse { requeued_count })
    }
}

/// Requeues those that are named, all or none.
async fn requeue(
    tx: &Tx,
    (subscription, ids): &(Subscription, Vec<DeadLetterId>),
) -> Result<u64, Error> {
    let Subscription { number, name, .. } = subscription;
    let found = store::subscription::lock(tx, name).await?;
    found.ok_or_else(|| Error::SubscriptionNotFound(name.clone()))?;
    store::dead_letter::requeue_all(tx, *number, ids).await
}

/// Requeues all there are, some at a time, so that the writes of others come in between.
async fn requeue_all(rpc: &EventsRpc, number: i64) -> Result<u64, Error> {
    let mut requeued = 0;
    loop {
        let count = rpc
            .0
            .db
            .write(ReadCommitted, (number, AT_A_TIME), store::dead_letter::requeue_oldest)
            .await?;
        requeued += count;
        if count < AT_A_TIME {
            return Ok(requeued);
        }
    }
}
