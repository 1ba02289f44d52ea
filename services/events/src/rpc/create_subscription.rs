//! CreateSubscription: makes a lasting subscription before anybody reads from it.

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use tonic::Request;

use super::EventsRpc;
use crate::error::Error;
use crate::{convert, store};

pub async fn handle(
    rpc: &EventsRpc,
    request: Request<pb::CreateSubscriptionRequest>,
) -> Result<pb::CreateSubscriptionResponse, Error> {
    let owner = Caller::of(&request).key();
    let request = request.into_inner();
    let settings = convert::settings(&request);
    let start = convert::start(request.start_position, rpc.0.log.partitions())?;
    let offsets = rpc.offsets(start).await?;
    let (name, now) = (request.subscription, rpc.0.clock.now());

    let made = rpc.0.db.write_locked(move |tx| {
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
    let subscription = rpc.describe(made.await?).await?;
    Ok(pb::CreateSubscriptionResponse { subscription: Some(subscription) })
}
