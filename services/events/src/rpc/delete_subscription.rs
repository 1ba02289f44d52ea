//! DeleteSubscription: deletes a subscription and all of its data.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::DeleteSubscription;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;

use super::EventsRpc;
use crate::error::Error;
use crate::store;

impl Handle<DeleteSubscription> for EventsRpc {
    async fn handle(
        &self,
        call: Call<pb::DeleteSubscriptionRequest>,
    ) -> Result<pb::DeleteSubscriptionResponse, Error> {
        let name = call.request.subscription_id;
        // One that is another service's is, to this caller, not there; and deleting what is not
        // there is no error.
        let found = match self.find(&name, &call.caller).await {
            Ok(found) => found,
            Err(Error::SubscriptionNotFound(_)) => return Ok(pb::DeleteSubscriptionResponse {}),
            Err(error) => return Err(error),
        };
        let number = found.number;
        self.0.db.write(ReadCommitted, number, store::subscription::delete).await?;
        if let Some(hub) = self.0.delivery.find(number) {
            hub.set_aside(&Error::SubscriptionChanged(name));
        }
        Ok(pb::DeleteSubscriptionResponse {})
    }
}
