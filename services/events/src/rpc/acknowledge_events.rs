//! AcknowledgeEvents: acks, nacks and extensions of pulled events, at whichever replica.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::AcknowledgeEvents;
use souk_contract::{Call, Handle};

use super::EventsRpc;
use crate::error::Error;

impl Handle<AcknowledgeEvents> for EventsRpc {
    async fn handle(
        &self,
        call: Call<pb::AcknowledgeEventsRequest>,
    ) -> Result<pb::AcknowledgeEventsResponse, Error> {
        let Call { request, caller, .. } = call;
        let found = self.find(&request.subscription_id, &caller).await?;
        found.check_consumer(&caller.key())?;
        let pb::AcknowledgeEventsRequest { ack_ids, nacks, extensions, .. } = request;
        let update = pb::SubscribeUpdate { ack_ids, nacks, extensions };
        self.0.delivery.acknowledge(found.number, update).await?;
        Ok(pb::AcknowledgeEventsResponse {})
    }
}
