//! UpdateSubscription: changes the settings of a subscription.

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::UpdateSubscription;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::Timestamp;

use super::EventsRpc;
use crate::access::Reader;
use crate::error::Error;
use crate::subscription::{SettingsChange, Subscription};
use crate::{convert, store};

/// What is to be changed.
struct Update {
    name: String,
    change: SettingsChange,
    /// The etag that it must have; empty for any.
    etag: String,
    now: Timestamp,
}

impl Handle<UpdateSubscription> for EventsRpc {
    async fn handle(
        &self,
        call: Call<pb::UpdateSubscriptionRequest>,
    ) -> Result<pb::UpdateSubscriptionResponse, Error> {
        let Call { request, caller, .. } = call;
        let asked = request.subscription.unwrap_or_default();
        let change = convert::settings_change(&asked, request.update_mask)?;
        let found = self.find(&asked.subscription_id, &caller).await?;
        // Who reads is checked whenever it connects; staff change it for others.
        if let (Caller::Service(_), Some(types)) = (&caller, &change.event_types) {
            Reader::of_call(&caller).check(types)?;
        }
        // What was acknowledged before counts.
        self.0.delivery.write_progress().await?;

        let now = self.0.clock.now();
        let update = Update { name: found.name.clone(), change, etag: asked.etag, now };
        let changed = self.0.db.write(ReadCommitted, update, set).await?;
        if let Some(hub) = self.0.delivery.find(changed.number) {
            if changed.revision == found.revision {
                hub.set(&changed);
            } else {
                hub.set_aside(&Error::SubscriptionChanged(changed.name.clone()));
            }
        }
        let subscription = Some(self.describe(changed).await?);
        Ok(pb::UpdateSubscriptionResponse { subscription })
    }
}

async fn set(tx: &Tx, update: &Update) -> Result<Subscription, Error> {
    let Update { name, change, etag, now } = update;
    let found = lock(tx, name).await?;
    let settings = found.settings.changed(change);
    // A repeat changes nothing, whatever its etag.
    if settings == found.settings {
        return Ok(found);
    }
    if !etag.is_empty() && *etag != found.etag() {
        return Err(Error::EtagMismatch { name: name.clone(), etag: found.etag() });
    }
    store::subscription::set(tx, found.number, &settings, *now).await?;
    if settings.event_types != found.settings.event_types {
        // Streams end, wherever they are, and every lease is given again: a consumer gets no type
        // that it did not ask for, and what another replica skipped by the old types does not
        // count.
        store::position::revoke(tx, found.number).await?;
        store::subscription::revise(tx, found.number).await?;
    }
    lock(tx, name).await
}

async fn lock(tx: &Tx, name: &str) -> Result<Subscription, Error> {
    let found = store::subscription::lock(tx, name).await?;
    found.ok_or_else(|| Error::SubscriptionNotFound(name.to_owned()))
}
