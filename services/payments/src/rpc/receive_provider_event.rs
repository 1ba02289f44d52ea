//! ReceiveProviderEvent: where the webhook of a provider arrives. An event is a hint to ask the
//! provider, and nothing that it says is believed.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::ReceiveProviderEvent;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::error::Error;

impl Handle<ReceiveProviderEvent> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::ReceiveProviderEventRequest>,
    ) -> Result<pb::ReceiveProviderEventResponse, Error> {
        let request = call.request;
        self.take_in(&request.provider, &request.body, &request.headers, call.deadline).await?;
        Ok(pb::ReceiveProviderEventResponse {})
    }
}
