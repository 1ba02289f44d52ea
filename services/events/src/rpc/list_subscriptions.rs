//! ListSubscriptions: subscriptions by name, a page at a time.

use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::ListSubscriptions;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::{EventsRpc, is_staff};
use crate::error::Error;
use crate::{backlog, convert, store};

impl Handle<ListSubscriptions> for EventsRpc {
    async fn handle(
        &self,
        call: Call<pb::ListSubscriptionsRequest>,
    ) -> Result<pb::ListSubscriptionsResponse, Error> {
        let Call { request, caller, .. } = call;
        let page = Page::open(
            &self.0.db,
            &caller.key(),
            "ListSubscriptions",
            &[&request.owner],
            request.page_size,
            &request.page_token,
        )?;
        let after = page
            .after
            .as_ref()
            .map(|cursor| cursor.get::<String>(0))
            .transpose()?
            .unwrap_or_default();
        let key = caller.key();
        let asked = Some(request.owner.as_str()).filter(|owner| !owner.is_empty());
        // A service sees its own, whatever it asks for.
        let owner = if is_staff(&caller) { asked } else { Some(key.as_str()) };

        let found =
            store::subscription::list(&self.0.db.read(), owner, &after, page.limit()).await?;

        let bounds = backlog::bounds(&*self.0.log).await?;
        let mut subscriptions = Vec::with_capacity(found.len());
        for subscription in found {
            let backlog =
                backlog::of(&self.0.db, &bounds, &self.0.delivery, subscription.number).await?;
            subscriptions
                .push((subscription.name.clone(), convert::subscription(subscription, backlog)));
        }
        let (subscriptions, next_page_token) = page.close(
            &subscriptions,
            |(name, _)| vec![name.as_str().into()],
            |(_, subscription): &(String, pb::Subscription)| subscription.clone(),
        );
        Ok(pb::ListSubscriptionsResponse { subscriptions, next_page_token })
    }
}
