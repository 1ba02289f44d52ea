//! ListSubscriptions: subscriptions by name, a page at a time.

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use souk_data::ToArg;
use souk_data::page::Page;
use tonic::Request;

use super::{EventsRpc, is_staff};
use crate::error::Error;
use crate::{convert, standing, store};

pub async fn handle(
    rpc: &EventsRpc,
    request: Request<pb::ListSubscriptionsRequest>,
) -> Result<pb::ListSubscriptionsResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let page = Page::open(&rpc.0.db, &caller.key(), "ListSubscriptions", &[], request.page_size, &request.page_token)?;
    let after = page.after.as_ref().map(|cursor| cursor.get::<String>(0)).transpose()?.unwrap_or_default();
    let key = caller.key();
    let owner = (!is_staff(&caller)).then_some(key.as_str());

    let found = store::subscription::list(&rpc.0.db.read(), owner, &after, page.limit()).await?;

    let bounds = standing::bounds(&rpc.0.log).await?;
    let mut subscriptions = Vec::with_capacity(found.len());
    for subscription in found {
        let standing = standing::of(&rpc.0.db, &bounds, &rpc.0.delivery, subscription.number).await?;
        subscriptions.push((subscription.name.clone(), convert::subscription(subscription, standing)));
    }
    let (subscriptions, next_page_token) = page.close(
        &subscriptions,
        |(name, _)| vec![name.to_arg()],
        |(_, subscription): &(String, pb::Subscription)| subscription.clone(),
    );
    Ok(pb::ListSubscriptionsResponse { subscriptions, next_page_token })
}
