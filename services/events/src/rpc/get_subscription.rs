//! GetSubscription: one subscription, with its lag.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::GetSubscription;
use souk_contract::{Call, Handle};

use super::EventsRpc;
use crate::error::Error;

impl Handle<GetSubscription> for EventsRpc {
    async fn handle(
        &self,
        call: Call<pb::GetSubscriptionRequest>,
    ) -> Result<pb::GetSubscriptionResponse, Error> {
        let found = self.find(&call.request.subscription_id, &call.caller).await?;
        Ok(pb::GetSubscriptionResponse { subscription: Some(self.describe(found).await?) })
    }
}
