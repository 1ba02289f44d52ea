//! CreateSubscription: makes a lasting subscription before anybody reads from it.

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use tonic::Request;

use super::EventsRpc;
use crate::error::Error;
use crate::subscription::check_reader;
use crate::{convert, store};

/// The field that says where it starts.
const START: &str = "start_position";

pub async fn handle(
    rpc: &EventsRpc,
    request: Request<pb::CreateSubscriptionRequest>,
) -> Result<pb::CreateSubscriptionResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let settings = convert::settings(&request);
    let start = convert::start(START, request.start_position, rpc.0.log.partitions())?;
    let (name, owner, now) = (request.subscription, caller.key(), rpc.0.clock.now());
    let found = store::subscription::find(&rpc.0.db.read(), &name).await?;
    check_reader(&caller, "subscription", &name, found.as_ref())?;
    let offsets = rpc.offsets(START, start).await?;

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
