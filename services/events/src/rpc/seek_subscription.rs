//! SeekSubscription: moves a subscription to another position of the log.

use std::collections::BTreeMap;

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::SeekSubscription;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;

use super::EventsRpc;
use crate::error::Error;
use crate::subscription::{Start, Subscription};
use crate::{convert, store};

/// The field that says where.
const POSITION: &str = "position";

impl Handle<SeekSubscription> for EventsRpc {
    async fn handle(
        &self,
        call: Call<pb::SeekSubscriptionRequest>,
    ) -> Result<pb::SeekSubscriptionResponse, Error> {
        let request = call.request;
        let found = self.find(&request.subscription_id, &call.caller).await?;
        let to = convert::start(POSITION, request.position, self.0.log.partitions())?;
        let offsets: BTreeMap<u32, i64> = match to {
            // The other partitions stay where they are.
            Start::Position { partition, offset } => {
                self.check_within(POSITION, to).await?;
                BTreeMap::from([(partition, offset)])
            }
            start => (0..).zip(self.offsets(POSITION, start).await?).collect(),
        };
        // What was acknowledged before counts, in the partitions that stay where they are.
        self.0.delivery.write_progress().await?;

        let found = self.0.db.write(ReadCommitted, (found.name, offsets), seek).await?;
        if let Some(hub) = self.0.delivery.find(found.number) {
            hub.set_aside(&Error::SubscriptionChanged(found.name.clone()));
        }
        Ok(pb::SeekSubscriptionResponse { subscription: Some(self.describe(found).await?) })
    }
}

async fn seek(
    tx: &Tx,
    (name, offsets): &(String, BTreeMap<u32, i64>),
) -> Result<Subscription, Error> {
    let number = lock(tx, name).await?.number;
    store::position::seek(tx, number, offsets).await?;
    // Wherever streams are open, their replica sees that the subscription was revised and ends
    // them.
    store::subscription::revise(tx, number).await?;
    lock(tx, name).await
}

async fn lock(tx: &Tx, name: &str) -> Result<Subscription, Error> {
    let found = store::subscription::lock(tx, name).await?;
    found.ok_or_else(|| Error::SubscriptionNotFound(name.to_owned()))
}
