//! GetLinkedOrder: the order that a link opens, to everyone who has the link.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::GetLinkedOrder;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::error::Error;
use crate::{events, link, store};

impl Handle<GetLinkedOrder> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::GetLinkedOrderRequest>,
    ) -> Result<pb::GetLinkedOrderResponse, Error> {
        let id = link::open(self.db.page_tokens(), &call.request.link_token, self.clock.now())?;
        let order = store::order::show(&self.db.read(), id).await?;
        let order =
            pb::Order { customer_id: String::new(), metadata: [].into(), ..events::public(&order) };
        Ok(pb::GetLinkedOrderResponse { order: Some(order) })
    }
}
