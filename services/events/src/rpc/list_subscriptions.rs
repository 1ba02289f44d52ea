//! ListSubscriptions: subscriptions by name, a page at a time.

use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use souk_data::ToArg;
use souk_data::page::Page;
use tonic::Request;

use super::{EventsRpc, is_staff};
use crate::error::Error;
use crate::subscription::Subscription;
use crate::{convert, standing, store};

const METHOD: &str = "ListSubscriptions";

/// How many bytes a page has at most, so that every client reads it; one subscription is always on it.
const MAX_BYTES: usize = 3 << 20;

/// The most bytes of a subscription on the wire but for its types, and of one of its positions.
const SIZE: usize = 512;
const SIZE_OF_POSITION: usize = 16;

pub async fn handle(
    rpc: &EventsRpc,
    request: Request<pb::ListSubscriptionsRequest>,
) -> Result<pb::ListSubscriptionsResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let (db, key) = (&rpc.0.db, caller.key());
    let page = Page::open(db, &key, METHOD, &[], request.page_size, &request.page_token)?;
    let after = page.after.as_ref().map(|cursor| cursor.get::<String>(0)).transpose()?.unwrap_or_default();
    let owner = (!is_staff(&caller)).then_some(key.as_str());

    let mut found = store::subscription::list(&db.read(), owner, &after, page.limit()).await?;
    // By bytes as well: the page of the same token that has as many as fit.
    let fitting = fitting(&found, rpc.0.log.partitions());
    let page = match found.len().min(page.limit() as usize - 1) > fitting {
        true => Page::open(db, &key, METHOD, &[], fitting as i32, &request.page_token)?,
        false => page,
    };
    let next_page_token = page.close(&mut found, |last| vec![last.name.to_arg()]);

    let bounds = standing::bounds(&rpc.0.log).await?;
    let mut subscriptions = Vec::with_capacity(found.len());
    for subscription in found {
        let standing = standing::of(db, &bounds, &rpc.0.delivery, subscription.number).await?;
        subscriptions.push(convert::subscription(subscription, standing));
    }
    Ok(pb::ListSubscriptionsResponse { subscriptions, next_page_token })
}

/// Returns how many of these fit on one page, at least one.
fn fitting(found: &[Subscription], partitions: u32) -> usize {
    let mut bytes = 0;
    let fits = found.iter().take_while(|subscription| {
        let types = subscription.settings.event_types.names().iter().map(|name| name.len() + 3);
        bytes += SIZE + SIZE_OF_POSITION * partitions as usize + types.sum::<usize>();
        bytes <= MAX_BYTES
    });
    fits.count().max(1)
}
