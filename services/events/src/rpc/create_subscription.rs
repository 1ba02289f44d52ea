//! CreateSubscription: creates a durable subscription before its first consumer.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::CreateSubscription;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::Timestamp;

use super::EventsRpc;
use crate::access::Reader;
use crate::error::Error;
use crate::subscription::{Settings, Subscription, check_reader};
use crate::{convert, store};

/// The fields that name it and say where it starts.
const ID: &str = "subscription.subscription_id";
const START: &str = "start_position";

/// A subscription that is to be made.
struct NewSubscription {
    name: String,
    owner: String,
    settings: Settings,
    /// Where it starts in each partition.
    offsets: Vec<i64>,
    now: Timestamp,
}

impl Handle<CreateSubscription> for EventsRpc {
    async fn handle(
        &self,
        call: Call<pb::CreateSubscriptionRequest>,
    ) -> Result<pb::CreateSubscriptionResponse, Error> {
        let Call { request, caller, .. } = call;
        let asked = request.subscription.unwrap_or_default();
        let settings = convert::settings(&asked);
        let start = convert::start(START, request.start_position, self.0.log.partitions())?;
        let name = asked.subscription_id;
        Reader::of_call(&caller).check(&settings.event_types)?;
        let found = store::subscription::find(&self.0.db.read(), &name).await?;
        check_reader(&caller, ID, &name, found.as_ref())?;
        let offsets = self.offsets(START, start).await?;

        let new = NewSubscription {
            name,
            owner: caller.key(),
            settings,
            offsets,
            now: self.0.clock.now(),
        };
        let subscription = self.0.db.write(ReadCommitted, new, create_or_get).await?;
        Ok(pb::CreateSubscriptionResponse {
            subscription: Some(self.describe(subscription).await?),
        })
    }
}

async fn create_or_get(tx: &Tx, new: &NewSubscription) -> Result<Subscription, Error> {
    let NewSubscription { name, owner, settings, offsets, now } = new;
    let is_new = store::subscription::insert(tx, name, owner, settings, *now).await?;
    let found = store::subscription::lock(tx, name).await?;
    let found = found.ok_or_else(|| Error::SubscriptionNotFound(name.clone()))?;
    if is_new {
        store::position::insert_missing(tx, found.number, offsets).await?;
    } else if found.owner != *owner || found.settings != *settings {
        return Err(Error::SubscriptionExists(name.clone()));
    }
    Ok(found)
}
