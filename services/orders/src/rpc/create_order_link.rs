//! CreateOrderLink: a token that opens one order, for a link in a mail.

use std::time::Duration;

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::CreateOrderLink;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::error::Error;
use crate::link;

/// How long a token is good when the request does not say.
const DEFAULT_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Handle<CreateOrderLink> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::CreateOrderLinkRequest>,
    ) -> Result<pb::CreateOrderLinkResponse, Error> {
        let id = call.request.order_id()?;
        let order = self.visible_order(&call.caller, id).await?;

        let ttl = call.request.ttl.and_then(|ttl| Duration::try_from(ttl).ok());
        let expires = self.clock.now().plus(ttl.unwrap_or(DEFAULT_TTL));
        let link_token = link::issue(self.db.page_tokens(), order.id, expires);
        Ok(pb::CreateOrderLinkResponse { link_token, expire_time: Some(expires.into()) })
    }
}
