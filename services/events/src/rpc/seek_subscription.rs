//! SeekSubscription: sets a subscription to another place of the log.

use std::collections::BTreeMap;

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::SeekSubscription;
use souk_contract::{Call, Handle};

use super::EventsRpc;
use crate::error::Error;
use crate::subscription::Start;
use crate::{convert, store};

/// The field that says where.
const TO: &str = "to";

impl Handle<SeekSubscription> for EventsRpc {
    async fn handle(&self, call: Call<pb::SeekSubscriptionRequest>) -> Result<pb::SeekSubscriptionResponse, Error> {
        let request = call.request;
        let found = self.find(&request.subscription, &call.caller).await?;
        let to = convert::start(TO, request.to, self.0.log.partitions())?;
        let offsets: BTreeMap<u32, i64> = match to {
            // The other partitions are left where they are.
            Start::Position { partition, offset } => {
                self.check_within(TO, to).await?;
                BTreeMap::from([(partition, offset)])
            }
            start => (0..).zip(self.offsets(TO, start).await?).collect(),
        };
        // What was acknowledged before counts, in the partitions that stay where they are.
        self.0.delivery.write_progress().await?;

        let sought = self.0.db.write_locked(move |tx| {
            let (name, offsets) = (found.name.clone(), offsets.clone());
            async move {
                let found = store::subscription::lock(&tx, &name).await?;
                let found = found.ok_or_else(|| Error::SubscriptionNotFound(name.clone()))?;
                store::place::seek(&tx, found.number, &offsets).await?;
                // Wherever streams are open, their replica sees that the subscription was revised and ends them.
                store::subscription::revise(&tx, found.number).await?;
                let found = store::subscription::lock(&tx, &name).await?;
                found.ok_or(Error::SubscriptionNotFound(name))
            }
        });
        let found = sought.await?;
        if let Some(hub) = self.0.delivery.find(found.number) {
            hub.set_aside(&Error::SubscriptionChanged(found.name.clone()));
        }
        Ok(pb::SeekSubscriptionResponse { subscription: Some(self.describe(found).await?) })
    }
}
