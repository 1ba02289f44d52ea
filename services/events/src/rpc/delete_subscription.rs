//! DeleteSubscription: ends a subscription and everything that is its.

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use tonic::Request;

use super::EventsRpc;
use crate::error::Error;
use crate::store;

pub async fn handle(
    rpc: &EventsRpc,
    request: Request<pb::DeleteSubscriptionRequest>,
) -> Result<pb::DeleteSubscriptionResponse, Error> {
    let caller = Caller::of(&request);
    let name = request.into_inner().subscription;
    // One that is another service's is, to this caller, not there; and deleting what is not there is no error.
    let found = match rpc.find(&name, &caller).await {
        Ok(found) => found,
        Err(Error::SubscriptionNotFound(_)) => return Ok(pb::DeleteSubscriptionResponse {}),
        Err(error) => return Err(error),
    };
    let number = found.number;
    rpc.0.db.write_locked(move |tx| async move { store::subscription::delete(&tx, number).await }).await?;
    if let Some(hub) = rpc.0.delivery.find(number) {
        hub.set_aside(&Error::SubscriptionChanged(name));
    }
    Ok(pb::DeleteSubscriptionResponse {})
}
