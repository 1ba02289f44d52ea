//! CreateSubscription: makes a lasting subscription before anybody reads from it.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::CreateSubscription;
use souk_contract::{Call, Handle};

use super::EventsRpc;
use crate::error::Error;
use crate::subscription::check_reader;
use crate::{convert, store};

/// The field that says where it starts.
const START: &str = "start_position";

impl Handle<CreateSubscription> for EventsRpc {
    async fn handle(&self, call: Call<pb::CreateSubscriptionRequest>) -> Result<pb::CreateSubscriptionResponse, Error> {
        let Call { request, caller, .. } = call;
        let settings = convert::settings(&request);
        let start = convert::start(START, request.start_position, self.0.log.partitions())?;
        let (name, owner, now) = (request.subscription, caller.key(), self.0.clock.now());
        let found = store::subscription::find(&self.0.db.read(), &name).await?;
        check_reader(&caller, "subscription", &name, found.as_ref())?;
        let offsets = self.offsets(START, start).await?;

        let made = self.0.db.write_locked(move |tx| {
            let (name, owner, settings, offsets) = (name.clone(), owner.clone(), settings.clone(), offsets.clone());
            async move {
                let is_new = store::subscription::insert(&tx, &name, &owner, &settings, now).await?;
                let found = store::subscription::lock(&tx, &name).await?;
                let found = found.ok_or_else(|| Error::SubscriptionNotFound(name.clone()))?;
                if is_new {
                    store::place::insert(&tx, found.number, &offsets).await?;
                } else if found.owner != owner || found.settings != settings {
                    return Err(Error::SubscriptionExists(name));
                }
                Ok(found)
            }
        });
        let subscription = self.describe(made.await?).await?;
        Ok(pb::CreateSubscriptionResponse { subscription: Some(subscription) })
    }
}
