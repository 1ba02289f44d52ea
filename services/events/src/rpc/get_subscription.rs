//! GetSubscription: one subscription, with its lag.

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use tonic::Request;

use super::EventsRpc;
use crate::error::Error;

pub async fn handle(
    rpc: &EventsRpc,
    request: Request<pb::GetSubscriptionRequest>,
) -> Result<pb::GetSubscriptionResponse, Error> {
    let caller = Caller::of(&request);
    let found = rpc.find(&request.into_inner().subscription, &caller).await?;
    Ok(pb::GetSubscriptionResponse { subscription: Some(rpc.describe(found).await?) })
}
